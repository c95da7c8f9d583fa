// Elementwise functions with broadcasting, and the operators + - * /.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/reduce.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {
/// y = f(x); dL/dx = vjp(x, dy).
template <class F, class Vjp>
Tensor map_of_input(std::string_view op, F f, Vjp vjp, const Tensor& x) {
  return record(op, ops::map(op, f, x.value()),
                wrt(x, [x = x.value(), vjp, op](const Array& dy) { return ops::map(op, vjp, x, dy); }));
}
/// y = f(x); dL/dx = vjp(y, dy).
template <class F, class Vjp>
Tensor map_of_output(std::string_view op, F f, Vjp vjp, const Tensor& x) {
  const Array y = ops::map(op, f, x.value());
  return record(op, y, wrt(x, [y, vjp, op](const Array& dy) { return ops::map(op, vjp, y, dy); }));
}
}  // namespace detail

/// a + b, broadcasting. Shapes [..]; Errors: shapes do not broadcast, dtypes differ.
AKIN_LAZY Tensor add(const Tensor& a, const Tensor& b) {
  return record("add", ops::add(a.value(), b.value()),
                wrt(a, [s = a.shape()](const Array& dy) { return ops::sum_to(dy, s); }),
                wrt(b, [s = b.shape()](const Array& dy) { return ops::sum_to(dy, s); }));
}
/// a - b, broadcasting.
AKIN_LAZY Tensor sub(const Tensor& a, const Tensor& b) {
  return record("sub", ops::sub(a.value(), b.value()),
                wrt(a, [s = a.shape()](const Array& dy) { return ops::sum_to(dy, s); }),
                wrt(b, [s = b.shape()](const Array& dy) { return ops::scale(ops::sum_to(dy, s), -1); }));
}
/// a * b elementwise, broadcasting.
AKIN_LAZY Tensor mul(const Tensor& a, const Tensor& b) {
  return record("mul", ops::mul(a.value(), b.value()),
                wrt(a, [b = b.value(), s = a.shape()](const Array& dy) { return ops::sum_to(ops::mul(dy, b), s); }),
                wrt(b, [a = a.value(), s = b.shape()](const Array& dy) { return ops::sum_to(ops::mul(dy, a), s); }));
}
/// a / b elementwise, broadcasting. Division by zero follows IEEE 754.
AKIN_LAZY Tensor div(const Tensor& a, const Tensor& b) {
  return record("div", ops::div(a.value(), b.value()),
                wrt(a, [b = b.value(), s = a.shape()](const Array& dy) { return ops::sum_to(ops::div(dy, b), s); }),
                wrt(b, [a = a.value(), b = b.value()](const Array& dy) {
                  return ops::sum_to(ops::map("div", kernels::DivVjpB{}, a, b, dy), b.shape());
                }));
}
/// The larger of a and b elementwise, broadcasting. At a tie each gets half of the gradient.
AKIN_LAZY Tensor maximum(const Tensor& a, const Tensor& b) {
  const auto vjp = [](const Array& x, const Array& other) {
    return [x, other](const Array& dy) {
      return ops::sum_to(ops::map("maximum", kernels::MaximumVjp{}, x, other, dy), x.shape());
    };
  };
  return record("maximum", ops::map("maximum", kernels::Maximum{}, a.value(), b.value()),
                wrt(a, vjp(a.value(), b.value())), wrt(b, vjp(b.value(), a.value())));
}
/// k x
AKIN_LAZY Tensor scale(const Tensor& x, double k) {
  return record("scale", ops::scale(x.value(), k), wrt(x, [k](const Array& dy) { return ops::scale(dy, k); }));
}
/// x / k: not (1 / k) x, which rounds twice.
AKIN_LAZY Tensor div_scalar(const Tensor& x, double k) {
  return record("div_scalar", ops::div_scalar(x.value(), k),
                wrt(x, [k](const Array& dy) { return ops::div_scalar(dy, k); }));
}
/// The smaller of a and b elementwise, broadcasting. At a tie each gets half of the gradient.
AKIN_LAZY Tensor minimum(const Tensor& a, const Tensor& b) { return scale(maximum(scale(a, -1), scale(b, -1)), -1); }
/// x + k
AKIN_LAZY Tensor add_scalar(const Tensor& x, double k) {
  return record("add_scalar", ops::add_scalar(x.value(), k), wrt(x, [](const Array& dy) { return dy; }));
}

AKIN_LAZY Tensor square(const Tensor& x) {
  return detail::map_of_input("square", kernels::Square{}, kernels::SquareVjp{}, x);
}
/// Square root; the gradient is infinite at 0.
AKIN_LAZY Tensor sqrt(const Tensor& x) { return detail::map_of_output("sqrt", kernels::Sqrt{}, kernels::SqrtVjp{}, x); }
AKIN_LAZY Tensor exp(const Tensor& x) { return detail::map_of_output("exp", kernels::Exp{}, kernels::Mul{}, x); }
/// Natural logarithm.
AKIN_LAZY Tensor log(const Tensor& x) {
  return record("log", ops::map("log", kernels::Log{}, x.value()),
                wrt(x, [x = x.value()](const Array& dy) { return ops::div(dy, x); }));
}
/// |x|; the gradient at 0 is 0.
AKIN_LAZY Tensor abs(const Tensor& x) { return detail::map_of_input("abs", kernels::Abs{}, kernels::AbsVjp{}, x); }
/// x^k
AKIN_LAZY Tensor pow(const Tensor& x, double k) {
  return detail::map_of_input("pow", kernels::Pow{k}, kernels::PowVjp{k}, x);
}
/// x limited to [low, high]; outside the gradient is 0.
AKIN_LAZY Tensor clamp(const Tensor& x, double low, double high) {
  check(low <= high, "clamp", "low ", low, " is above high ", high);
  return detail::map_of_input("clamp", kernels::Clamp{low, high}, kernels::ClampVjp{low, high}, x);
}

AKIN_LAZY Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
AKIN_LAZY Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
AKIN_LAZY Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
AKIN_LAZY Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
AKIN_LAZY Tensor operator-(const Tensor& x) { return scale(x, -1); }
AKIN_LAZY Tensor operator*(double k, const Tensor& x) { return scale(x, k); }
AKIN_LAZY Tensor operator*(const Tensor& x, double k) { return scale(x, k); }
AKIN_LAZY Tensor operator/(const Tensor& x, double k) { return div_scalar(x, k); }
AKIN_LAZY Tensor operator+(const Tensor& x, double k) { return add_scalar(x, k); }
AKIN_LAZY Tensor operator+(double k, const Tensor& x) { return add_scalar(x, k); }
AKIN_LAZY Tensor operator-(const Tensor& x, double k) { return add_scalar(x, -k); }
AKIN_LAZY Tensor operator-(double k, const Tensor& x) { return add_scalar(scale(x, -1), k); }
/// k / x
AKIN_LAZY Tensor operator/(double k, const Tensor& x) { return scale(pow(x, -1), k); }

}  // namespace akin::inline AKIN_ABI
