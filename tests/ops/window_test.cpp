#include <akin/ops/window.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

using ops::detail::check_window;
using ops::detail::window_positions;

TEST(Window, PositionsAreThoseAtWhichItFits) {
  for (const std::int64_t in : {0, 1, 7, 33})
    for (const std::int64_t kernel : {1, 2, 5})
      for (const std::int64_t stride : {1, 3})
        for (const std::int64_t pad : {0, 2})
          for (const std::int64_t dilation : {1, 2}) {
            std::int64_t count = 0;
            for (std::int64_t first = -pad; first + dilation * (kernel - 1) < in + pad; first += stride) ++count;
            EXPECT_EQ(window_positions(in, kernel, stride, pad, dilation), count)
                << in << " " << kernel << " " << stride << " " << pad << " " << dilation;
          }
}

TEST(Window, SizesAreLimitedSoThatPositionsCannotOverflow) {
  const std::int64_t limit = std::int64_t{1} << 31;
  EXPECT_NO_THROW(check_window("conv2d", "stride", {1, limit - 1}, 1));
  expect_error(
      [&] {
        check_window("conv2d", "stride", {1, limit}, 1);
      },
      "conv2d: stride must be < 2^31, got 1x2147483648");
  expect_error([&] { check_window("conv2d", "padding", -1, 0); }, "conv2d: padding must be >= 0, got -1");
}

}  // namespace
}  // namespace akin
