#include <akin/data/channel_statistics.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(ChannelStatistics, OfGreyPicturesAreThoseOfAllPixels) {  // 0, 51, 102, 255 of 255; mean .4, variance .14
  const auto grey = in_memory("grey", Array::from<std::uint8_t>({1, 2, 2, 1}, {0, 51, 102, 255}));
  const ChannelStatistics found = channel_statistics(*grey);
  ASSERT_EQ(found.mean.size(), 1u);
  expect_close(found.mean[0], 0.4, tol::f64);
  expect_close(found.std.at(0), std::sqrt(0.14), tol::f64);
}

TEST(ChannelStatistics, KeepChannelsApartAndNeverDivideByZero) {
  const auto colour = in_memory("colour", Array::from<std::uint8_t>({2, 1, 1, 3}, {0, 51, 255, 255, 51, 0}));
  const ChannelStatistics found = channel_statistics(*colour);
  ASSERT_EQ(found.mean.size(), 3u);
  for (const std::size_t c : {0u, 2u}) {
    expect_close(found.mean[c], 0.5, tol::f64);
    expect_close(found.std[c], 0.5, tol::f64);
  }
  expect_close(found.mean[1], 0.2, tol::f64);
  expect_close(found.std[1], 1e-3, tol::f64);
}

TEST(ChannelStatistics, LookAtTheFirstImagesOnly) {
  Array images = Array::zeros({2001, 1, 1, 1}, DType::u8);
  images.mut<std::uint8_t>()[2000] = 255;
  EXPECT_EQ(channel_statistics(*in_memory("dark", images)).mean.at(0), 0);
  EXPECT_GT(channel_statistics(*in_memory("dark", images), 2001).mean.at(0), 0);
}

TEST(ChannelStatistics, NeedImages) {
  expect_error(
      [] {
        channel_statistics(*in_memory("none", Array::zeros({0, 2, 2, 1}, DType::u8)));
      },
      "channel_statistics: the data set none has no images");
}

}  // namespace
}  // namespace akin::data
