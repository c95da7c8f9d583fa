// L-BFGS: minimises a smooth function of many variables from values and gradients alone.
//
// Two-loop recursion and strong Wolfe line search as in Nocedal and Wright, Numerical Optimization, 2nd ed.,
// Algorithms 7.4, 3.5 and 3.6.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <ostream>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::eval {

struct LbfgsOptions {
  int max_iterations = 200;
  int history = 10;                  ///< remembered steps
  double gradient_tolerance = 1e-6;  ///< stop when no component of the gradient is larger
  double value_tolerance = 1e-10;    ///< stop when an iteration gains less than this times max(1, |f|)
};

/// Why the search ended. `no_descent`: no step along the search direction helps, as happens at the precision of f.
enum class LbfgsStop : unsigned char { gradient, value, iterations, no_descent };

inline std::ostream& operator<<(std::ostream& os, LbfgsStop stop) {
  constexpr const char* names[] = {"gradient", "value", "iterations", "no descent"};
  return os << names[static_cast<int>(stop)];
}

struct LbfgsReport {
  double value = 0;          ///< f at the result
  double gradient_norm = 0;  ///< largest absolute component there
  int iterations = 0, evaluations = 0;
  LbfgsStop stop = LbfgsStop::iterations;
};

namespace detail {

using Vector = std::vector<double>;

AKIN_LAZY double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
AKIN_LAZY void add_scaled(Vector& y, double k, const Vector& x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += k * x[i];
}
AKIN_LAZY double largest(const Vector& x) {
  double m = 0;
  for (const double v : x) m = std::max(m, std::abs(v));
  return m;
}

/// f and its slope at one step along the search direction.
struct LinePoint {
  double step, value, slope;
};

/// Where the minimum of the cubic through two points with slopes lies, at least a tenth of the interval from its ends;
/// the middle where there is no such cubic. Nocedal and Wright, Eq. 3.59.
AKIN_LAZY double cubic_minimum(const LinePoint& a, const LinePoint& b) {
  const double width = b.step - a.step;
  const double d1 = a.slope + b.slope - 3 * (b.value - a.value) / width;
  const double root = std::sqrt(d1 * d1 - a.slope * b.slope) * (width < 0 ? -1 : 1);
  const double at = 1 - (b.slope + root - d1) / (b.slope - a.slope + 2 * root);  // as a share of the way from a to b
  return a.step + width * (std::isfinite(at) ? std::clamp(at, 0.1, 0.9) : 0.5);
}

/// f along x0 + step * direction. x and gradient always belong to the point that was evaluated last.
template <class F>
class LineSearch {
 public:
  LineSearch(F& f, Vector& x, Vector& gradient, const Vector& direction)
      : f_(f), x_(x), gradient_(gradient), x0_(x), direction_(direction) {}

  /// Finds a step with f(step) <= f(0) + 1e-4 step f'(0) and |f'(step)| <= 0.9 |f'(0)|. If only the first can be had,
  /// the best such step; if not even that, step 0.
  LinePoint search(double value, double step) {
    const LinePoint start{0, value, dot(gradient_, direction_)};
    LinePoint before = start;
    for (int trial = 0; trial < 20; ++trial, step *= 2) {
      const LinePoint now = evaluate(step);
      if (!falls_enough(start, now) || (trial > 0 && now.value >= before.value)) return zoom(start, before, now);
      if (is_flat(start, now)) return now;
      if (now.slope >= 0) return zoom(start, now, before);
      before = now;
    }
    return before;
  }
  int evaluations() const { return evaluations_; }

 private:
  LinePoint evaluate(double step) {
    for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = x0_[i] + step * direction_[i];
    ++evaluations_;
    const double value = f_(static_cast<const Vector&>(x_), gradient_);
    return {step, value, dot(gradient_, direction_)};
  }
  /// False for NaN as well: a step too far for f is taken back.
  static bool falls_enough(const LinePoint& start, const LinePoint& now) {
    return std::isfinite(now.value) && std::isfinite(now.slope) &&
           now.value <= start.value + 1e-4 * now.step * start.slope;
  }
  static bool is_flat(const LinePoint& start, const LinePoint& now) {
    return std::abs(now.slope) <= -0.9 * start.slope;
  }

  /// Narrows the interval between `low`, the best point so far, and `high`, which bounds a minimum.
  LinePoint zoom(const LinePoint& start, LinePoint low, LinePoint high) {
    for (int trial = 0; trial < 20; ++trial) {
      const LinePoint now = evaluate(cubic_minimum(low, high));
      if (!falls_enough(start, now) || now.value >= low.value) {
        high = now;
        continue;
      }
      if (is_flat(start, now)) return now;
      if (now.slope * (high.step - low.step) >= 0) high = low;
      low = now;
    }
    return evaluate(low.step);
  }

  F& f_;
  Vector &x_, &gradient_;
  const Vector x0_;
  const Vector& direction_;
  int evaluations_ = 0;
};

/// The last steps s and changes of the gradient y: all that is known of the Hessian.
class LbfgsMemory {
 public:
  AKIN_LAZY explicit LbfgsMemory(int limit) : limit_(static_cast<std::size_t>(limit)) {}

  AKIN_LAZY bool empty() const { return pairs_.empty(); }
  AKIN_LAZY void clear() { pairs_.clear(); }
  AKIN_LAZY void remember(Vector s, Vector y) {
    const double sy = dot(s, y);
    if (!(sy > 1e-12 * dot(y, y))) return;  // would make the approximation indefinite
    if (pairs_.size() == limit_) pairs_.erase(pairs_.begin());
    pairs_.push_back({std::move(s), std::move(y), sy});
  }
  /// -H gradient, H the approximate inverse Hessian.
  AKIN_LAZY Vector direction(const Vector& gradient) const {
    Vector q = gradient;
    Vector alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = dot(pairs_[i].s, q) / pairs_[i].sy;
      add_scaled(q, -alpha[i], pairs_[i].y);
    }
    const double scale = pairs_.empty() ? 1 : pairs_.back().sy / dot(pairs_.back().y, pairs_.back().y);
    for (double& v : q) v *= scale;
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      add_scaled(q, alpha[i] - dot(pairs_[i].y, q) / pairs_[i].sy, pairs_[i].s);
    for (double& v : q) v = -v;
    return q;
  }

 private:
  struct Pair {
    Vector s, y;
    double sy;
  };
  std::size_t limit_;
  std::vector<Pair> pairs_;  // the oldest first
};

}  // namespace detail

/// Changes x to a local minimum of f.
/// f        double f(const std::vector<double>& x, std::vector<double>& gradient): the value at x; fills the gradient
/// x        where to start; the result
/// throws   Error if f or its gradient is not finite at the start, or an option is out of range
template <class F>
LbfgsReport minimize_lbfgs(F&& f, std::vector<double>& x, const LbfgsOptions& options = {}) {
  check(options.max_iterations >= 0 && options.history >= 1, "lbfgs",
        "needs max_iterations >= 0 and history >= 1, got ", options.max_iterations, " and ", options.history);
  check(options.gradient_tolerance >= 0 && options.value_tolerance >= 0, "lbfgs", "tolerances must be >= 0, got ",
        options.gradient_tolerance, " and ", options.value_tolerance);
  detail::Vector gradient(x.size());
  LbfgsReport report{.value = f(static_cast<const detail::Vector&>(x), gradient), .evaluations = 1};
  check(std::isfinite(report.value) && std::isfinite(detail::dot(gradient, gradient)), "lbfgs",
        "the function or its gradient is not finite at the start: f = ", report.value);
  const auto stopped = [&](LbfgsStop why) {
    report.stop = why;
    report.gradient_norm = detail::largest(gradient);
    return report;
  };
  detail::LbfgsMemory memory(options.history);
  for (;; ++report.iterations) {
    const double steepest = detail::largest(gradient);
    if (steepest <= options.gradient_tolerance) return stopped(LbfgsStop::gradient);
    if (report.iterations == options.max_iterations) return stopped(LbfgsStop::iterations);
    const bool fresh = memory.empty();
    const detail::Vector direction = memory.direction(gradient), old_gradient = gradient;
    detail::LineSearch line(f, x, gradient, direction);
    // The first step has no scale yet: move x by at most 1.
    const auto found = line.search(report.value, fresh ? std::min(1.0, 1 / steepest) : 1);
    report.evaluations += line.evaluations();
    if (found.step == 0) {
      if (fresh) return stopped(LbfgsStop::no_descent);
      memory.clear();  // the memory misleads: try once more along the gradient
      continue;
    }
    const double gain = report.value - found.value;
    report.value = found.value;
    if (gain <= options.value_tolerance * std::max(1.0, std::abs(found.value))) {
      ++report.iterations;
      return stopped(LbfgsStop::value);
    }
    detail::Vector s = direction, y = gradient;
    for (double& v : s) v *= found.step;
    detail::add_scaled(y, -1, old_gradient);
    memory.remember(std::move(s), std::move(y));
  }
}

}  // namespace akin::inline AKIN_ABI::eval
