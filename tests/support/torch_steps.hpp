// The three steps whose results in PyTorch 2.15, in double, the tests of optimizers hold as fixed numbers:
//
//   import torch
//   torch.set_default_dtype(torch.float64)
//   G = [[0.5, -1.25, 3.0], [-0.75, 0.5, 1.5], [0.25, 2.0, -0.125]]
//   def run(make):
//       p = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
//       optimizer = make([p])
//       for g in G:
//           p.grad = torch.tensor(g)
//           optimizer.step()
//       return [repr(float(x)) for x in p.detach()]
//   print(run(lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.05)))
//   print(run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05)))
//   print(run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)))
//   print(run(lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05)))
//   print(run(lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05)))
//
// and, for a parameter that gets no gradient in the first step, from q in
//
//   p, q = (torch.tensor([1.0], requires_grad=True) for _ in range(2))
//   optimizer = torch.optim.Adam([p, q], lr=0.1)
//   for t, g in enumerate([0.5, -1.25, 3.0]):
//       p.grad = torch.tensor([g]); q.grad = torch.tensor([g]) if t else None
//       optimizer.step()
#pragma once
#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "test.hpp"

namespace akin::test {

/// Gives p exactly this gradient: that of p . g.
inline void set_gradient(const Tensor& p, const std::vector<double>& g) {
  p.zero_grad();
  sum(p * Tensor(Array::from<double>(p.shape(), g))).backward();
}

/// p after the three steps above.
template <class Optimizer, class Options>
Array after_three_steps(const Options& options) {
  const Tensor p(Array::from<double>({3}, {1, -2, 0.5}), true);
  Optimizer optimizer({{{{"p", p}}, 0.05}}, options);
  for (const std::vector<double>& g : {std::vector{0.5, -1.25, 3.0}, {-0.75, 0.5, 1.5}, {0.25, 2.0, -0.125}}) {
    set_gradient(p, g);
    optimizer.step();
  }
  return p.value();
}

inline Array three(double a, double b, double c) { return Array::from<double>({3}, {a, b, c}); }

}  // namespace akin::test
