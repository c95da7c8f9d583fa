// 2-d convolution with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/conv.hpp"
#include "mixed_precision.hpp"

namespace akin::inline AKIN_ABI {

using ops::Conv2dOptions;

/// y[n, i, j, o] = sum_{r, q, c} x[n, i stride - pad + r dilation, j stride - pad + q dilation, c] w[o, r, q, c]
/// x [N, H, W, C], weight [out, kh, kw, C / groups] -> [N, OH, OW, out]
/// In MixedPrecision it is computed and given in bf16. Errors: channels do not fit the groups; the kernel does not fit
/// the image.
AKIN_LAZY Tensor conv2d(const Tensor& image, const Tensor& filters, const Conv2dOptions& options = {}) {
  const Tensor x = detail::operand(image), weight = detail::operand(filters);
  return record("conv2d", ops::conv2d(x.value(), weight.value(), options),
                wrt(x, [w = weight.value(), s = x.shape(),
                        options](const Array& dy) { return ops::conv2d_backward_data(dy, w, s, options); }),
                wrt(weight, [x = x.value(), s = weight.shape(), options](const Array& dy) {
                  return ops::conv2d_backward_weights(dy, x, s, options);
                }));
}

}  // namespace akin::inline AKIN_ABI
