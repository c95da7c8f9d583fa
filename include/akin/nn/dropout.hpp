// Dropout layer.
#pragma once
#include <memory>

#include "../fn/dropout.hpp"
#include "init.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

struct DropoutOptions {
  double p = 0.5;  ///< probability of dropping a value, in [0, 1)
};

/// Drops values in training, does nothing in evaluation. Each module has a random stream of its own, from the seed and
/// its full name; `calls` counts forward passes in training and is saved with the weights, so a resumed run goes on.
struct Dropout {
  DropoutOptions options;
  Tensor calls;  ///< [] i64: forward passes so far, counted where the values are
  Tensor key;    ///< [] i64: of the random stream, on the host

  AKIN_LAZY explicit Dropout(const DropoutOptions& o = {}) : options(o) {
    check(o.p >= 0 && o.p < 1, "Dropout", "p must lie in [0, 1), got ", o.p);
    calls = Tensor(Array::zeros({}, DType::i64));
    key = Tensor(Array::zeros({}, DType::i64));
    initialize(InitContext::construction());
  }

  AKIN_LAZY Tensor operator()(const Tensor& x, bool training) const {
    if (!training || options.p == 0) return x;
    return dropout(x, options.p, static_cast<std::uint64_t>(*key.value().data<std::int64_t>()), calls.mutable_value());
  }

  void visit(Visitor& v) {
    v.moving_buffer("calls", calls);
    v.buffer("key", key);
  }
  AKIN_LAZY void initialize(const InitContext& context) const {
    Draws draws = context.draws("key");
    *key.mutable_value().mut<std::int64_t>() = static_cast<std::int64_t>(draws.bits());
    detail::set_all(calls, 0);
  }
  AKIN_LAZY std::string describe() const { return cat("Dropout(", options.p, ")"); }
};

}  // namespace akin::inline AKIN_ABI::nn
