// gradcheck: every element of every gradient against a central difference.
//
// The function's output y is probed through sum(y * r), r random: probing sum(y) would be blind to whole terms (the sum
// of a normalised row is constant, say). In double, h = 1e-6: a correct op errs by about 1e-9, a forgotten epsilon by
// 1e-5, so rtol 1e-6 tells them apart.
#pragma once
#include <cmath>
#include <vector>

#include "../core/philox.hpp"
#include "backward.hpp"

namespace akin::inline AKIN_ABI {

struct GradcheckOptions {
  double step = 1e-6;  ///< h of (f(x + h) - f(x - h)) / 2h
  double rtol = 1e-6;
  double atol = 1e-7;
  std::uint64_t seed = 0;  ///< of the random probe
};

struct GradcheckReport {
  bool ok = true;
  double worst = 0;  ///< largest |analytic - numeric| / (atol + rtol |numeric|); ok means <= 1
  std::size_t input = 0;
  std::int64_t element = 0;
  double analytic = 0, numeric = 0;

  AKIN_LAZY std::string summary() const {
    return cat(ok ? "ok" : "WRONG", ": largest error ", worst, " of the tolerance, at input ", input, " element ",
               element, ": analytic ", analytic, ", numeric ", numeric);
  }
};

namespace detail {

/// Calls f(inputs) or f(inputs[0], inputs[1], ...), whichever f accepts.
template <class F>
Tensor call_with(F& f, const std::vector<Tensor>& in) {
  const auto takes = [&](std::size_t n) {
    check(in.size() == n, "gradcheck", "the function takes ", n, " inputs, got ", in.size());
  };
  if constexpr (std::is_invocable_v<F&, const std::vector<Tensor>&>)
    return f(in);
  else if constexpr (std::is_invocable_v<F&, const Tensor&>)
    return takes(1), f(in[0]);
  else if constexpr (std::is_invocable_v<F&, const Tensor&, const Tensor&>)
    return takes(2), f(in[0], in[1]);
  else if constexpr (std::is_invocable_v<F&, const Tensor&, const Tensor&, const Tensor&>)
    return takes(3), f(in[0], in[1], in[2]);
  else
    return takes(4), f(in[0], in[1], in[2], in[3]);
}

/// sum(y * r) as a Tensor whose gradient with respect to y is r.
AKIN_LAZY Tensor probe(const Tensor& y, std::uint64_t seed) {
  Array r = empty_like(y.value());
  Draws draws(seed, {.stream = stream_of("gradcheck")});
  for (std::int64_t i = 0; i < r.size(); ++i) r.mut<double>()[i] = draws.uniform(-1, 1);
  return record("probe", ops::sum(ops::mul(y.value(), r)), wrt(y, [r](const Array& dy) { return ops::mul(r, dy); }));
}

}  // namespace detail

/// Compares backward() with central differences. f: Tensors -> Tensor of any shape, pure; inputs: f64 leaves.
/// Errors: an input is not f64.
template <class F>
GradcheckReport gradcheck(F f, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {}) {
  std::vector<Tensor> xs;
  for (const Tensor& input : inputs) {
    check(input.dtype() == DType::f64, "gradcheck", "inputs must be f64, got ", input.dtype(), " of shape ",
          input.shape());
    xs.emplace_back(ops::clone(input.value()), true);
  }
  detail::probe(detail::call_with(f, xs), options.seed).backward();
  const auto value = [&] {
    const NoGrad guard;
    return detail::probe(detail::call_with(f, xs), options.seed).item();
  };
  GradcheckReport report;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const Array analytic = xs[k].has_grad() ? ops::contiguous(xs[k].grad()) : zeros_like(xs[k].value());
    for (std::int64_t i = 0; i < xs[k].size(); ++i) {
      Array& x = xs[k].mutable_value();
      const double x0 = x.data<double>()[i];
      const auto at = [&](double moved) {
        x.mut<double>()[i] = moved;
        return value();
      };
      const double numeric = (at(x0 + options.step) - at(x0 - options.step)) / (2 * options.step);
      at(x0);
      const double got = analytic.data<double>()[i];
      const double error = std::abs(got - numeric) / (options.atol + options.rtol * std::abs(numeric));
      const double size = std::isnan(error) ? INFINITY : error;  // NaN must not hide behind later, smaller errors
      if (size > report.worst) report = {size <= 1, size, k, i, got, numeric};
    }
  }
  return report;
}

}  // namespace akin::inline AKIN_ABI
