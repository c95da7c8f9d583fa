#include <akin/augment/equalize.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(Equalize, HappensAsOftenAsAsked) {
  int times = 0;
  for (std::uint32_t i = 0; i < 1000; ++i)
    times += draw(Equalize{.probability = .2}, {7, 7, 1}, Draws(7, {.index = i})) ? 1 : 0;
  EXPECT_NEAR(times, 200, 51);  // four standard deviations
}

TEST(Equalize, RejectsBadProbabilities) {
  expect_error([] { validate(Equalize{.probability = -.1}); }, "equalize: probability");
}

}  // namespace
}  // namespace akin::augment
