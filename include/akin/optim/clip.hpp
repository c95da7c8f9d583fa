// Clipping of gradients, between backward() and step().
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "../autograd/tensor.hpp"
#include "../ops/optim.hpp"

namespace akin::inline AKIN_ABI::optim {

namespace detail {

/// Those that have a gradient, each once: a shared parameter has one gradient, however often it is listed.
AKIN_LAZY std::vector<Tensor> with_gradients(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> found;
  for (const auto& p : parameters) {
    bool known = !p.has_grad();
    for (const auto& other : found) known = known || other.node() == p.node();
    if (!known) found.push_back(p);
  }
  return found;
}

AKIN_LAZY std::vector<Array> gradients_of(const std::vector<Tensor>& parameters) {
  std::vector<Array> gradients;
  for (const auto& p : parameters) gradients.push_back(p.grad());
  return gradients;
}

}  // namespace detail

/// sqrt(sum over parameters |g|^2), in double; 0 without gradients; not finite if one value is not. A shared parameter
/// counts once. Errors: gradients that are neither f32 nor f64.
AKIN_LAZY double grad_norm(const std::vector<Tensor>& parameters) {
  return std::sqrt(ops::squared_norm("grad_norm", detail::gradients_of(detail::with_gradients(parameters))).item());
}

/// Shortens all gradients by one factor where their common L2 norm exceeds max_norm; directions stay.
///   n = sqrt(sum over parameters |g|^2), in double;   n > max_norm: g <- (max_norm / n) g      arXiv:1211.5063, Alg. 1
/// PyTorch divides by n + 1e-6 instead. parameters without a gradient are skipped.
/// returns   n, before clipping; 0 without gradients. A norm that is inf or NaN is returned as it is and nothing is
///           scaled: inf / inf would turn every gradient into NaN. Test it with std::isfinite to skip the step.
/// Errors: max_norm <= 0 or not finite; gradients that are neither f32 nor f64.
AKIN_LAZY double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm) {
  check(max_norm > 0 && std::isfinite(max_norm), "clip_grad_norm", "max_norm must be > 0 and finite, got ", max_norm);
  const auto clipped = detail::with_gradients(parameters);
  const std::vector<Array> gradients = detail::gradients_of(clipped);
  const double norm = std::sqrt(ops::squared_norm("clip_grad_norm", gradients).item());
  if (!std::isfinite(norm) || norm <= max_norm) return norm;
  // New arrays: the memory of a gradient may be shared, with that of another parameter, say.
  for (std::size_t i = 0; i < clipped.size(); ++i) clipped[i].node()->grad = ops::scale(gradients[i], max_norm / norm);
  return norm;
}

/// What Optimizer::step takes so that the host need not know whether a step can be made:
///   NaN where the loss or the norm n of all gradients is not finite;  else max_norm / n where n > max_norm, else 1
/// Unlike clip_grad_norm it leaves the gradients as they are, and does not wait for a GPU.
/// loss     [], on the device of the parameters
/// returns  [] f64, there
/// Errors: max_norm <= 0; gradients that are neither f32 nor f64.
AKIN_LAZY Array step_gate(const std::vector<Tensor>& parameters, const Array& loss,
                          double max_norm = std::numeric_limits<double>::infinity()) {
  check(max_norm > 0, "step_gate", "max_norm must be > 0, got ", max_norm);
  const Array squares = ops::squared_norm("step_gate", detail::gradients_of(detail::with_gradients(parameters)));
  return ops::step_gate(squares.to(loss.device()), ops::cast(loss, DType::f64), max_norm);
}

/// Clamps every value of every gradient:  g <- min(max(g, -max_value), max_value). NaN stays NaN.
/// As torch.nn.utils.clip_grad_value_; parameters without a gradient are skipped.
/// Errors: max_value <= 0 or not finite.
AKIN_LAZY void clip_grad_value(const std::vector<Tensor>& parameters, double max_value) {
  check(max_value > 0 && std::isfinite(max_value), "clip_grad_value", "max_value must be > 0 and finite, got ",
        max_value);
  for (const auto& p : detail::with_gradients(parameters))
    p.node()->grad = ops::map("clip_grad_value", kernels::Clamp{-max_value, max_value}, p.grad());
}

}  // namespace akin::inline AKIN_ABI::optim
