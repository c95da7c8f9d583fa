// The three steps whose results, in double, the tests of LARS and LAMB hold as fixed numbers. They come from the
// formulas of the papers and of the published code alone, in Python:
//
//   from math import sqrt
//   G, LR, P0 = [[.5, -1.25, 3.], [-.75, .5, 1.5], [.25, 2., -.125]], [.1, .1, .05], [1., -2., .5]
//   n = lambda x: sqrt(sum(a * a for a in x))
//   def lars(form, nesterov=False, wd=.05, eta=.02, mu=.9):
//       p, m = P0, [0.] * 3
//       for g, lr in zip(G, LR):
//           d = [a + wd * b for a, b in zip(g, p)]
//           q = eta * n(p) / (n(d) if form in ('fb', 'simclr') else n(g) + wd * n(p) + 1e-8)
//           if form == 'larc_clip': q = min(q / lr, 1)
//           inside, outside = (lr, 1) if form == 'simclr' else (1, lr)
//           d = [inside * q * a for a in d]
//           m = [mu * a + b for a, b in zip(m, d)]
//           p = [a - outside * (c + mu * b if nesterov else b) for a, b, c in zip(p, m, d)]
//       return p
//   def lamb(wd=.05, b1=.8, b2=.95, eps=1e-6, adapt=True):
//       p, m, v = P0, [0.] * 3, [0.] * 3
//       for t, (g, lr) in enumerate(zip(G, LR), 1):
//           m = [b1 * a + (1 - b1) * b for a, b in zip(m, g)]
//           v = [b2 * a + (1 - b2) * b * b for a, b in zip(v, g)]
//           u = [a / (1 - b1**t) / (sqrt(b / (1 - b2**t)) + eps) + wd * c for a, b, c in zip(m, v, p)]
//           q = n(p) / n(u) if adapt else 1
//           p = [a - lr * q * b for a, b in zip(p, u)]
//       return p
//   print(*(lars(f) for f in ('fb', 'lightly', 'larc_clip', 'simclr')), lars('fb', True), lars('simclr', True))
//   print(lamb(), lamb(wd=0, adapt=False))
#pragma once
#include "support/torch_steps.hpp"

namespace akin::test {

/// p after the three steps, as a matrix [1, 3] or, if `bias`, as a vector [3].
template <class Optimizer, class Options>
Array after_three_large_batch_steps(const Options& options, double weight_decay = 0.05, bool bias = false,
                                    DType dtype = DType::f64) {
  const Tensor p(ops::cast(Array::from<double>(bias ? Shape{3} : Shape{1, 3}, {1, -2, 0.5}), dtype), true);
  Optimizer optimizer({{{{"p", p}}, weight_decay}}, options);
  const std::vector<double> gradients[] = {{0.5, -1.25, 3.0}, {-0.75, 0.5, 1.5}, {0.25, 2.0, -0.125}};
  for (const auto& g : gradients) {
    optimizer.set_lr(&g == &gradients[2] ? 0.05 : 0.1);
    p.zero_grad();
    sum(p * Tensor(ops::cast(Array::from<double>(p.shape(), g), dtype))).backward();
    optimizer.step();
  }
  return ops::clone(p.value()).reshape({3});
}

}  // namespace akin::test
