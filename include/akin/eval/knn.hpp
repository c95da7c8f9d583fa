// k nearest neighbours on frozen features: the measure of a representation that has nothing to train.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/parallel.hpp"
#include "../ops/matmul.hpp"
#include "../ops/norm.hpp"
#include "features.hpp"

namespace akin::inline AKIN_ABI::eval {

struct KnnOptions {
  int k = 20;                 ///< neighbours that vote
  double temperature = 0.07;  ///< > 0; smaller values let the nearest ones decide
};

namespace detail {

struct Neighbour {
  double similarity;
  std::int64_t index;
};

/// Nearer first. Of equally near ones the first counts as nearer, so that the result does not depend on the search.
inline bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.index < b.index);
}

/// The k nearest of the neighbours offered so far: a heap whose top is the farthest of them. Most offers fail against it
/// after one comparison.
class Nearest {
 public:
  AKIN_LAZY explicit Nearest(std::int64_t k) : k_(static_cast<std::size_t>(k)) { heap_.reserve(k_); }

  AKIN_LAZY void offer(const Neighbour& candidate) {
    if (heap_.size() == k_) {
      if (!nearer(candidate, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), nearer);
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), nearer);
  }
  /// A row of similarities to the training images first, first + 1, ...
  AKIN_LAZY void offer(const float* similarity, std::int64_t count, std::int64_t first) {
    std::int64_t j = 0;
    for (; j < count && heap_.size() < k_; ++j) offer({similarity[j], first + j});
    if (j == count) return;
    // Indices rise from offer to offer, so an equal similarity never replaces what is there.
    for (auto limit = static_cast<float>(heap_.front().similarity); j < count; ++j) {
      if (!(similarity[j] > limit)) continue;
      offer({similarity[j], first + j});
      limit = static_cast<float>(heap_.front().similarity);
    }
  }
  AKIN_LAZY std::vector<Neighbour> take() { return std::move(heap_); }

 private:
  std::size_t k_;
  std::vector<Neighbour> heap_;
};

/// argmax over classes of the sum of exp(s / T) over the neighbours of that class; ties go to the lower class.
AKIN_LAZY std::int64_t vote(std::vector<Neighbour> neighbours, const std::int64_t* labels, double temperature) {
  std::sort(neighbours.begin(), neighbours.end(), [&](const Neighbour& a, const Neighbour& b) {
    return labels[a.index] != labels[b.index] ? labels[a.index] < labels[b.index] : nearer(a, b);
  });
  double top = neighbours[0].similarity;  // all weights are relative to the nearest one's: exp cannot overflow
  for (const auto& each : neighbours) top = std::max(top, each.similarity);
  std::int64_t winner = -1, current = -1;
  double best = -1, score = 0;
  for (const auto& each : neighbours) {
    if (labels[each.index] != current) current = labels[each.index], score = 0;
    score += std::exp((each.similarity - top) / temperature);
    if (score > best) best = score, winner = current;
  }
  return winner;
}

struct KnnInput {
  Array train, labels, test;
};

AKIN_LAZY KnnInput checked_knn(const Features& train, const Array& test, const KnnOptions& options) {
  KnnInput in{checked_f32("knn", "training features", train.x), {}, checked_f32("knn", "test features", test)};
  in.labels = checked_labels("knn", "training features", train);
  check(in.train.dim(1) == in.test.dim(1), "knn", "training and test features differ in size: ", train.x.shape(),
        " vs ", test.shape());
  check(options.k >= 1 && options.k <= in.train.dim(0), "knn", "k must lie in 1 ... ", in.train.dim(0),
        " (the number of training features), got ", options.k);
  check(options.temperature > 0, "knn", "temperature must be > 0, got ", options.temperature);
  return in;
}

}  // namespace detail

/// Textbook twin of knn_predict: every cosine in double, all sorted.
AKIN_LAZY Array knn_predict_naive(const Features& train, const Array& test, const KnnOptions& options = {}) {
  const detail::KnnInput in = detail::checked_knn(train, test, options);
  const std::int64_t n = in.train.dim(0), d = in.train.dim(1);
  const Array z = ops::l2_normalize(ops::cast(in.train, DType::f64)).y;
  const Array q = ops::l2_normalize(ops::cast(in.test, DType::f64)).y;
  Array predicted = Array::empty({test.dim(0)}, DType::i64);
  for (std::int64_t i = 0; i < predicted.size(); ++i) {
    std::vector<detail::Neighbour> all;
    for (std::int64_t j = 0; j < n; ++j) {
      double dot = 0;
      for (std::int64_t c = 0; c < d; ++c) dot += q.data<double>()[i * d + c] * z.data<double>()[j * d + c];
      all.push_back({dot, j});
    }
    std::sort(all.begin(), all.end(), detail::nearer);
    all.resize(static_cast<std::size_t>(options.k));
    predicted.mut<std::int64_t>()[i] =
        detail::vote(std::move(all), in.labels.data<std::int64_t>(), options.temperature);
  }
  return predicted;
}

/// The class of each test feature by the weighted vote of its k nearest training features.
///   score(c) = sum over the k nearest j with class c of exp(cos(x, x_j) / T)            arXiv:1805.01978, Sec. 3.4
/// train    x [N, D], labels [N], all >= 0
/// test     [M, D]; the length of a feature does not matter
/// returns  [M] i64; of equal scores the lower class wins. Uniform guessing is right once per number of classes
/// throws   Error if D differs, k is not in 1 ... N, T <= 0, a label is missing or a feature is not finite
///
/// Similarities are computed and dropped in blocks: about 20 MiB beside the features, however large N and M are.
AKIN_LAZY Array knn_predict(const Features& train, const Array& test, const KnnOptions& options = {}) {
  constexpr std::int64_t block = 2048;
  const detail::KnnInput in = detail::checked_knn(train, test, options);
  const std::int64_t n = in.train.dim(0), m = in.test.dim(0);
  Array predicted = Array::empty({m}, DType::i64);
  auto* out = predicted.mut<std::int64_t>();
  const auto* labels = in.labels.data<std::int64_t>();
  for (std::int64_t i0 = 0; i0 < m; i0 += block) {
    const std::int64_t rows = std::min(block, m - i0);
    const Array q = ops::l2_normalize(in.test.slice(0, i0, i0 + rows)).y;
    std::vector<detail::Nearest> nearest(static_cast<std::size_t>(rows), detail::Nearest(options.k));
    for (std::int64_t j0 = 0; j0 < n; j0 += block) {
      const std::int64_t cols = std::min(block, n - j0);
      const Array z = ops::l2_normalize(in.train.slice(0, j0, j0 + cols)).y;
      const Array similarity = ops::matmul(q, z, {.transpose_b = true});  // [rows, cols]
      const float* s = similarity.data<float>();
      parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) nearest[static_cast<std::size_t>(i)].offer(s + i * cols, cols, j0);
      });
    }
    parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        out[i0 + i] = detail::vote(nearest[static_cast<std::size_t>(i)].take(), labels, options.temperature);
    });
  }
  return predicted;
}

/// The share of test features that get their own class. Errors: those of knn_predict; a test label is missing.
AKIN_LAZY double knn_accuracy(const Features& train, const Features& test, const KnnOptions& options = {}) {
  const Array predicted = knn_predict(train, test.x, options);
  return detail::agreement(predicted, detail::checked_labels("knn", "test features", test));
}

}  // namespace akin::inline AKIN_ABI::eval
