#include <akin/nn/activation.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/nn/summary.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Summary, IsATableOfModules) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 7, .out = 33}), nn::Relu{}, nn::Linear({.in = 33, .out = 257, .bias = false}));
  EXPECT_EQ(nn::summary(model),
            "name   layer                       parameters\n"
            "(all)  Sequential                        8745\n"
            "0      Linear(7 -> 33)                    264\n"
            "1      Relu                                 0\n"
            "2      Linear(33 -> 257, no bias)        8481\n");
}

}  // namespace
}  // namespace akin
