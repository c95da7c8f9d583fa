#include <akin/ops/pair.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Pair, OneNumberMeansBoth) {
  const ops::Pair both = 3, different = {1, 7};
  EXPECT_EQ(both, (ops::Pair{3, 3}));
  EXPECT_NE(both, different);
  EXPECT_EQ(different.h, 1);
  EXPECT_EQ(different.w, 7);
}

TEST(Pair, PrintsOneNumberIfBothAreEqual) { EXPECT_EQ(cat(ops::Pair(3), " ", ops::Pair{1, 7}), "3 1x7"); }

}  // namespace
}  // namespace akin
