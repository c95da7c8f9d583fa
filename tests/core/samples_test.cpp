#include <akin/core/samples.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Samples, ShareTheirImagesWhenCopied) {
  const Samples batch{.images = Array::zeros({7, 3, 3, 1}, DType::u8), .epoch = 2, .indices = {6, 5, 4, 3, 2, 1, 0}};
  const Samples copy = batch;
  EXPECT_EQ(copy.images.data<std::uint8_t>(), batch.images.data<std::uint8_t>());
  EXPECT_EQ(copy.epoch, 2u);
  EXPECT_EQ(copy.indices, batch.indices);
}

TEST(Samples, CoordinatesDecideTheDrawsNotThePlaceInTheBatch) {
  const Samples one{.images = {}, .epoch = 3, .indices = {4, 9}}, other{.images = {}, .epoch = 3, .indices = {9}};
  const auto draw = [](const Samples& batch, std::size_t row) {
    return Draws(1, {.index = batch.indices[row], .epoch = batch.epoch}).bits();
  };
  EXPECT_EQ(draw(one, 1), draw(other, 0));
  EXPECT_NE(draw(one, 0), draw(other, 0));
}

}  // namespace
}  // namespace akin
