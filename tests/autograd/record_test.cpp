#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Record, OfFrozenInputsKeepsNoRecipe) {
  const Tensor x(Array::ones({2}));
  bool captured_alive = true;
  struct Watch {
    bool* alive;
    ~Watch() {
      if (alive) *alive = false;
    }
  };
  auto watch = std::make_shared<Watch>(Watch{nullptr});
  watch->alive = &captured_alive;
  const Tensor y = record("test", x.value(), wrt(x, [watch = std::move(watch)](const Array& dy) { return dy; }));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_FALSE(captured_alive);
}

TEST(Record, TheListFormPassesGradientsInInputOrder) {
  const Tensor a(Array::ones({1}, DType::f64), true), frozen(Array::ones({1}, DType::f64)),
      c(Array::ones({1}, DType::f64), true);
  const Tensor y =
      record("test", Array::ones({}, DType::f64), wrt({a, frozen, c}, [](const Array&) {
               return std::array{Array::full({1}, 2, DType::f64), Array(), Array::full({1}, 5, DType::f64)};
             }));
  y.backward();
  EXPECT_EQ(a.grad().item(), 2);
  EXPECT_EQ(c.grad().item(), 5);
}

TEST(Record, TheListFormChecksTheCount) {
  const Tensor a(Array::ones({1}), true), b(Array::ones({1}), true);
  const Tensor y = record("short", Array::ones({}),
                          wrt({a, b}, [](const Array& dy) { return std::vector<Array>{dy.reshape({1})}; }));
  expect_error([&] { y.backward(); }, "returned 1 gradients for 2 inputs");
}

}  // namespace
}  // namespace akin
