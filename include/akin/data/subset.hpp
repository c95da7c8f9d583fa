// Views of a data set: some of its images, its first images, and a part held out for validation.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataset.hpp"
#include "permutation.hpp"

namespace akin::inline AKIN_ABI::data {

/// Image i of the subset is image indices[i] of the whole.
class AKIN_ABI_TAG Subset final : public Dataset {
 public:
  AKIN_LAZY Subset(DatasetPtr whole, std::vector<std::uint32_t> indices)
      : Dataset(facts_of(whole, indices)), whole_(std::move(whole)), indices_(std::move(indices)) {}

 private:
  AKIN_LAZY static DatasetFacts facts_of(const DatasetPtr& whole, const std::vector<std::uint32_t>& indices) {
    check(whole != nullptr, "subset", "needs a data set, got none");
    for (const auto index : indices)
      check(index < whole->size(), "subset", "image ", index, " does not exist in ", whole->name(), ", which has ",
            whole->size());
    DatasetFacts facts = whole->facts();
    facts.size = static_cast<std::int64_t>(indices.size());
    return facts;
  }
  std::uint32_t origin(std::int64_t index) const { return indices_[static_cast<std::size_t>(index)]; }
  void read_image(std::int64_t index, std::uint8_t* pixels) const override { whole_->read(origin(index), pixels); }
  std::int64_t read_label(std::int64_t index) const override { return whole_->label(origin(index)); }

  DatasetPtr whole_;
  std::vector<std::uint32_t> indices_;
};

/// The images at `indices`, in that order; repeats are allowed. Errors: no such index.
AKIN_LAZY DatasetPtr subset(DatasetPtr whole, std::vector<std::uint32_t> indices) {
  // new, not make_shared: see in_memory().
  return DatasetPtr(new Subset(std::move(whole), std::move(indices)));
}

/// The first n images. Errors: there are fewer.
AKIN_LAZY DatasetPtr head(DatasetPtr whole, std::int64_t n) {
  check(whole != nullptr, "head", "needs a data set, got none");
  check(0 <= n && n <= whole->size(), "head", "expected 0 ... ", whole->size(), " images of ", whole->name(), ", got ",
        n);
  return subset(std::move(whole), first_indices(n));
}

struct HeldOut {
  DatasetPtr train, validation;
};

/// Holds out n random images for validation: a pure function of (size, n, seed). Both parts keep the order of the
/// whole. Hyper-parameters are chosen on these, so that the test images stay unseen. Errors: n outside 0 ... size.
AKIN_LAZY HeldOut split_off(const DatasetPtr& whole, std::int64_t n, std::uint64_t seed) {
  check(whole != nullptr, "split_off", "needs a data set, got none");
  check(0 <= n && n <= whole->size(), "split_off", "cannot hold out ", n, " of the ", whole->size(), " images of ",
        whole->name());
  std::vector<std::uint32_t> validation = permutation(seed, 0, whole->size(), "validation");
  std::vector<std::uint32_t> train(validation.begin() + n, validation.end());
  validation.resize(static_cast<std::size_t>(n));
  std::sort(train.begin(), train.end());
  std::sort(validation.begin(), validation.end());
  return {subset(whole, std::move(train)), subset(whole, std::move(validation))};
}

}  // namespace akin::inline AKIN_ABI::data
