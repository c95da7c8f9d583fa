// Gradients: a Tensor is an Array that may remember how it was computed. backward() walks that memory once.
//
//   g++ -std=c++20 -O2 -Iinclude examples/02_autograd.cpp -o autograd && ./autograd
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

int main() try {
  // y = x^2 / 2 - log(x), so dy/dx = x - 1/x.
  const Tensor x(Array::from<double>({3}, {0.5, 1, 4}), true);
  sum(0.5 * square(x) - log(x)).backward();
  const auto show = [&](const char* what) {
    const double* g = x.grad().data<double>();
    std::printf("%-21s %g, %g, %g\n", what, g[0], g[1], g[2]);
  };
  show("dy/dx at 0.5, 1, 4:");

  // Gradients add up until they are cleared; that is how one tensor may be used twice.
  sum(x).backward();
  show("after another 1:");

  // Is a gradient right? Compare every element with a central difference, in double.
  const auto normalised = [](const Tensor& v) { return l2_normalize(tanh(v)); };
  Draws draws(7, {});
  Array v = Array::empty({4, 5}, DType::f64);
  double* values = v.mut<double>();
  for (std::int64_t i = 0; i < v.size(); ++i) values[i] = draws.normal();
  std::printf("gradcheck:            %s\n", gradcheck(normalised, {Tensor(v)}).summary().c_str());

  // Fit y = 3 u - 2 by hand: no layers, no optimizer.
  const Array u = Array::from<float>({5, 1}, {-2, -1, 0, 1, 2});
  const Tensor target(ops::add_scalar(ops::scale(u, 3), -2));
  const Tensor slope_of_line(Array::zeros({1, 1}), true), offset(Array::zeros({1}), true);
  double loss = 0;
  for (int step = 0; step < 100; ++step) {
    const Tensor error = linear(Tensor(u), slope_of_line, offset) - target;  // [5, 1]
    const Tensor squared = mean(square(error));
    loss = squared.item();
    squared.backward();
    for (const Tensor& p : {slope_of_line, offset}) {
      p.mutable_value() = ops::sub(p.value(), ops::scale(p.grad(), 0.1));
      p.zero_grad();
    }
  }
  std::printf("fitted line:          y = %.3f u %+.3f, loss %.1e\n", slope_of_line.item(), offset.item(), loss);

  // Cut a value off with detach(), or a whole region with no_grad().
  const Tensor frozen = no_grad([&] { return square(x); });
  std::printf("needs a gradient:     x %d, square(x) %d, in no_grad %d, detached %d\n", x.requires_grad(),
              square(x).requires_grad(), frozen.requires_grad(), x.detach().requires_grad());
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
