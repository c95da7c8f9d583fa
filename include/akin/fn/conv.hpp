// 2-d convolution with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/conv.hpp"
#include "mixed_precision.hpp"

namespace akin::inline AKIN_ABI {

using ops::Conv2dOptions;
using ops::ConvAlgorithm;

/// y[n, i, j, o] = sum_{r, q, c} x[n, i stride - pad + r dilation, j stride - pad + q dilation, c] w[o, r, q, c]
/// x [N, H, W, C], weight [out, kh, kw, C / groups] -> [N, OH, OW, out]
/// In MixedPrecision it is computed and given in bf16. Errors: channels do not fit the groups; the kernel does not fit
/// the image.
AKIN_LAZY Tensor conv2d(const Tensor& x, const Tensor& weight, const Conv2dOptions& options = {}) {
  const Tensor in = detail::operand(x), w = detail::operand(weight);
  return record("conv2d", ops::conv2d(in.value(), w.value(), options),
                wrt(w, [in = in.saved(), s = w.shape(),
                        options](const Array& dy) { return ops::conv2d_backward_weights(dy, in.value(), s, options); }),
                wrt(in, [w = w.value(), s = in.shape(), options](const Array& dy) {
                  return ops::conv2d_backward_data(dy, w, s, options);
                }));
}

}  // namespace akin::inline AKIN_ABI
