// Linear probe: multinomial logistic regression on frozen features, solved to convergence.
//
// A convex problem with a deterministic solver: the number depends on the features alone, not on a learning rate.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../core/parallel.hpp"
#include "../ops/elementwise.hpp"
#include "../ops/matmul.hpp"
#include "features.hpp"
#include "lbfgs.hpp"

namespace akin::inline AKIN_ABI::eval {

struct LinearProbeOptions {
  /// >= 0; adds l2/2 |weight|^2 to the mean loss; the bias is free. The weakest within 0.1 points of the best on raw
  /// Fashion-MNIST pixels, fitted on the first 55,000 training images and compared on the other 5,000: 84.5, 84.9, 85.1,
  /// 85.9, 85.9 % for 1e-6, 1e-5, ..., 1e-2.
  double l2 = 1e-3;
  int max_iterations = 200;          ///< of L-BFGS
  double gradient_tolerance = 1e-5;  ///< see LbfgsOptions
  double value_tolerance = 1e-7;     ///< the same; below this f32 features carry no information
};

/// A fitted classifier: logits = ((x - mean) * scale) weight^T + bias.
struct LinearProbe {
  Array weight;        ///< [C, D] f32
  Array bias;          ///< [C] f32
  Array mean, scale;   ///< [D] f32, of the training features; scale is 1 / standard deviation
  LbfgsReport report;  ///< how the fit went; value is the mean cross entropy in nats plus the penalty

  /// [N, D] -> [N, C]. Errors: D differs; a value is not finite.
  AKIN_LAZY_MEMBER Array logits(const Array& x) const;
  /// [N, D] -> [N] i64; of equal logits the lower class wins.
  AKIN_LAZY_MEMBER Array predict(const Array& x) const;
};

namespace detail {

inline float narrow(double v) { return static_cast<float>(v); }

/// (x - mean) * scale, row by row.
AKIN_LAZY Array standardized(const Array& x, const Array& mean, const Array& scale) {
  const std::int64_t n = x.dim(0), d = x.dim(1);
  Array z = Array::empty(x.shape());
  const float *from = x.data<float>(), *m = mean.data<float>(), *s = scale.data<float>();
  float* to = z.mut<float>();
  parallel_for(n, 256, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t j = 0; j < d; ++j) to[i * d + j] = (from[i * d + j] - m[j]) * s[j];
  });
  return z;
}

/// For each column the sum over rows of (x - shift)^power, in double.
template <int power>
Vector column_sums(const Array& x, const Vector& shift) {
  const std::int64_t d = x.dim(1);
  const float* p = x.data<float>();
  const auto part = [&](std::int64_t begin, std::int64_t end) {
    Vector sums(shift.size());
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t j = 0; j < d; ++j) {
        const double v = static_cast<double>(p[i * d + j]) - shift[static_cast<std::size_t>(j)];
        sums[static_cast<std::size_t>(j)] += power == 1 ? v : v * v;
      }
    return sums;
  };
  return parallel_reduce(x.dim(0), 1024, Vector(shift.size()), part, [](Vector a, const Vector& b) {
    add_scaled(a, 1, b);
    return a;
  });
}

/// Mean and 1 / standard deviation of each column. A column that is constant up to rounding keeps its scale of 1.
AKIN_LAZY void fit_scale(const Array& x, LinearProbe& probe) {
  const std::int64_t d = x.dim(1);
  const auto n = static_cast<double>(x.dim(0));
  Vector mean = column_sums<1>(x, Vector(static_cast<std::size_t>(d)));
  for (double& m : mean) m /= n;
  const Vector squares = column_sums<2>(x, mean);  // two passes: one-pass variance loses its digits when |mean| >> std
  probe.mean = Array::empty({d});
  probe.scale = Array::empty({d});
  for (std::size_t j = 0; j < mean.size(); ++j) {
    const double deviation = std::sqrt(squares[j] / n);
    probe.mean.mut<float>()[j] = static_cast<float>(mean[j]);
    probe.scale.mut<float>()[j] = deviation > 1e-6 * std::abs(mean[j]) ? static_cast<float>(1 / deviation) : 1.0f;
  }
}

/// Mean cross entropy plus penalty, and its gradient, for parameters [weight [C, D], bias [C]] in one vector.
///
/// Rows are taken in blocks that stay in cache for both products. Products are f32, what is summed over rows is double.
class SoftmaxRegression {
 public:
  AKIN_LAZY SoftmaxRegression(Array x, const Array& labels, std::int64_t classes, double l2)
      : x_(std::move(x)), labels_(labels), n_(x_.dim(0)), d_(x_.dim(1)), classes_(classes), l2_(l2) {}

  std::size_t parameters() const { return static_cast<std::size_t>(classes_ * d_ + classes_); }

  AKIN_LAZY double operator()(const Vector& parameters, Vector& gradient) const {
    constexpr std::int64_t block = 2048;
    Array weight = Array::empty({classes_, d_});
    std::transform(parameters.begin(), parameters.end() - classes_, weight.mut<float>(), narrow);
    const double* bias = parameters.data() + classes_ * d_;
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double loss = 0;
    for (std::int64_t begin = 0; begin < n_; begin += block) {
      const std::int64_t end = std::min(n_, begin + block);
      const Array x = x_.slice(0, begin, end);
      Array error = ops::matmul(x, weight, {.transpose_b = true});  // logits [rows, C], then softmax - one_hot
      loss += softmax_errors(error, bias, labels_.data<std::int64_t>() + begin, gradient.data() + classes_ * d_);
      const Array slope = ops::matmul(error, x, {.transpose_a = true});  // [C, D]
      const float* s = slope.data<float>();
      for (std::size_t i = 0; i < static_cast<std::size_t>(slope.size()); ++i) gradient[i] += static_cast<double>(s[i]);
    }
    for (double& g : gradient) g /= static_cast<double>(n_);
    double squares = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(classes_ * d_); ++i) {
      gradient[i] += l2_ * parameters[i];
      squares += parameters[i] * parameters[i];
    }
    return loss / static_cast<double>(n_) + l2_ / 2 * squares;
  }

 private:
  /// Turns logits without bias into dloss/dlogits, adds its columns to bias_gradient, returns the summed cross entropy.
  AKIN_LAZY double softmax_errors(Array& logits, const double* bias, const std::int64_t* labels,
                                  double* bias_gradient) const {
    const std::int64_t rows = logits.dim(0), c = classes_;
    float* z = logits.mut<float>();
    Vector loss(static_cast<std::size_t>(rows));
    parallel_for(rows, 128, [&](std::int64_t begin, std::int64_t end) {
      Vector p(static_cast<std::size_t>(c));
      for (std::int64_t i = begin; i < end; ++i) {
        float* row = z + i * c;
        for (std::int64_t k = 0; k < c; ++k) p[static_cast<std::size_t>(k)] = static_cast<double>(row[k]) + bias[k];
        const double top = *std::max_element(p.begin(), p.end()), own = p[static_cast<std::size_t>(labels[i])];
        double sum = 0;
        for (double& v : p) sum += v = std::exp(v - top);
        loss[static_cast<std::size_t>(i)] = std::log(sum) + top - own;
        for (std::int64_t k = 0; k < c; ++k) row[k] = narrow(p[static_cast<std::size_t>(k)] / sum - (k == labels[i]));
      }
    });
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t k = 0; k < c; ++k) bias_gradient[k] += static_cast<double>(z[i * c + k]);
    return std::accumulate(loss.begin(), loss.end(), 0.0);
  }

  Array x_, labels_;
  std::int64_t n_, d_, classes_;
  double l2_;
};

}  // namespace detail

template <class Lazy>
Array LinearProbe::logits(const Array& x) const {
  check(weight.defined(), "linear_probe", "was not fitted; use fit_linear_probe()");
  const Array rows = detail::checked_f32("linear_probe", "features", x);
  check(rows.dim(1) == weight.dim(1), "linear_probe", "was fitted on features of size ", weight.dim(1), ", got shape ",
        x.shape());
  return ops::add(ops::matmul(detail::standardized(rows, mean, scale), weight, {.transpose_b = true}), bias);
}

template <class Lazy>
Array LinearProbe::predict(const Array& x) const {
  const Array z = logits(x);
  const std::int64_t classes = z.dim(1);
  Array predicted = Array::empty({z.dim(0)}, DType::i64);
  for (std::int64_t i = 0; i < z.dim(0); ++i) {
    const float* row = z.data<float>() + i * classes;
    predicted.mut<std::int64_t>()[i] = std::max_element(row, row + classes) - row;
  }
  return predicted;
}

/// Fits class = argmax softmax(weight z + bias) to standardised features z, from zero, over the whole set at once.
///   loss = mean cross entropy + l2/2 |weight|^2; strictly convex in the weights if l2 > 0
/// train    x [N, D], labels [N] in 0 ... classes-1
/// returns  the probe; its report.value starts at log(classes)
/// throws   Error if there are no features, one is not finite, a label is missing or too large, classes < 2, l2 < 0
AKIN_LAZY LinearProbe fit_linear_probe(const Features& train, std::int64_t classes,
                                       const LinearProbeOptions& options = {}) {
  const Array x = detail::checked_f32("linear_probe", "training features", train.x);
  check(classes >= 2, "linear_probe", "needs at least 2 classes, got ", classes);
  check(options.l2 >= 0, "linear_probe", "l2 must be >= 0, got ", options.l2);
  const Array labels = detail::checked_labels("linear_probe", "training features", train, classes);
  LinearProbe probe;
  detail::fit_scale(x, probe);
  const detail::SoftmaxRegression loss(detail::standardized(x, probe.mean, probe.scale), labels, classes, options.l2);
  detail::Vector parameters(loss.parameters());
  probe.report = minimize_lbfgs(loss, parameters,
                                {.max_iterations = options.max_iterations,
                                 .gradient_tolerance = options.gradient_tolerance,
                                 .value_tolerance = options.value_tolerance});
  probe.weight = Array::empty({classes, x.dim(1)});
  probe.bias = Array::empty({classes});
  std::transform(parameters.begin(), parameters.end() - classes, probe.weight.mut<float>(), detail::narrow);
  std::transform(parameters.end() - classes, parameters.end(), probe.bias.mut<float>(), detail::narrow);
  return probe;
}

/// The share of test features that get their own class, in [0, 1]. Errors: those of predict; a test label is missing.
AKIN_LAZY double accuracy(const LinearProbe& probe, const Features& test) {
  const Array predicted = probe.predict(test.x);
  return detail::agreement(predicted, detail::checked_labels("linear_probe", "test features", test));
}

}  // namespace akin::inline AKIN_ABI::eval
