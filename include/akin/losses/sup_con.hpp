// SupCon: contrastive learning with labels.
#pragma once
#include <algorithm>
#include <vector>

#include "../fn/elementwise.hpp"
#include "../fn/index.hpp"
#include "../fn/pair_scores.hpp"
#include "../fn/reduce.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct SupConOptions {
  double temperature = 0.07;       ///< > 0, dimensionless
  double base_temperature = 0.07;  ///< > 0: the loss is scaled by temperature / base_temperature
};

namespace detail {

struct Classes {
  Array of;        ///< [2N] i64: the class of each row of [first views; second views], 0 ... count - 1
  Array per_pair;  ///< [2N]: 1 / number of positives, the other rows of its class
  std::int64_t count;
};

/// labels [N], on the host, may be any numbers; the classes go to the device.
AKIN_LAZY Classes classes_of(const Array& labels, DType dtype, Device device) {
  const std::int64_t n = labels.size(), *label = labels.data<std::int64_t>();
  std::vector<std::int64_t> known(label, label + n);
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  Classes classes{Array::empty({2 * n}, DType::i64, Device::cpu), Array(), static_cast<std::int64_t>(known.size())};
  std::vector<double> rows(known.size());
  std::int64_t* of = classes.of.mut<std::int64_t>();
  for (std::int64_t i = 0; i < 2 * n; ++i) {
    of[i] = std::lower_bound(known.begin(), known.end(), label[i % n]) - known.begin();
    ++rows[static_cast<std::size_t>(of[i])];
  }
  Array per_pair = Array::empty({2 * n}, DType::f64, Device::cpu);
  for (std::int64_t i = 0; i < 2 * n; ++i) per_pair.mut<double>()[i] = 1 / (rows[static_cast<std::size_t>(of[i])] - 1);
  classes.of = classes.of.to(device);
  classes.per_pair = ops::cast(per_pair, dtype).to(device);
  return classes;
}

/// The sum of the rows of each class: [classes, D].
AKIN_LAZY Tensor class_sums(const Tensor& z, const Classes& classes) {
  return record("class_sums", ops::scatter_add(z.value(), classes.of, classes.count),
                wrt(z, [of = classes.of](const Array& dy) { return ops::take(dy, of); }));
}

}  // namespace detail

/// SupCon: each view must pick the views with its label among the other 2N-1 embeddings of the batch.
///   l(i) = -(t / t0) 1/|P(i)| sum_{p in P(i)} log( exp(s[i,p]/t) / sum_{k != i} exp(s[i,k]/t) ),  s = cosine similarity
///   P(i): the others with the label of i. The form L_out, arXiv:2004.11362, Eq. 2. Labels all different: NT-Xent
/// za, zb   [N, D]  embeddings of the two views, row i from the same image; need not be normalised
/// labels   [N]     i64, any numbers, on any device; their classes are found on the host
/// returns  []      mean over the 2N anchors, nats; chance level log(2N - 1) t / t0
/// memory   O(N D)
/// throws   Error   if shapes or dtypes do not fit, N or D is 0, or a temperature is not > 0 and finite
AKIN_LAZY Tensor sup_con(const Tensor& za, const Tensor& zb, const Array& labels, const SupConOptions& options = {}) {
  const auto [a, b] = view_pair("sup_con", za, zb);
  check_positive("sup_con", "temperature", options.temperature);
  check_positive("sup_con", "base_temperature", options.base_temperature);
  check(labels.defined() && labels.dtype() == DType::i64 && labels.shape() == Shape{a.dim(0)}, "sup_con",
        "needs labels [N] in i64 for embeddings ", a.shape());
  const Tensor z = l2_normalize(concat(a, b));  // [2N, D]
  const auto classes = detail::classes_of(ops::contiguous(labels).to(Device::cpu), z.dtype(), z.device());
  const Tensor positives = take(detail::class_sums(z, classes), classes.of) - z;   // [2N, D]
  const Tensor similarity = sum(z * positives, 1) * Tensor(classes.per_pair);      // [2N], a mean
  const Tensor all = reduce_pairs(z, 1 / options.temperature, ops::OthersOnly{});  // [2N]
  return mean(all - similarity / options.temperature) * (options.temperature / options.base_temperature);
}

}  // namespace akin::inline AKIN_ABI::losses
