#include <akin/losses/moco.hpp>

#include "support/golden.hpp"
#include "support/gradients.hpp"

namespace akin {
namespace {

using losses::moco;

TEST(Moco, GivesItsReferenceAndNoGradientToKeys) {
  const Array queue = ops::l2_normalize(golden::uniform({7, 3}, 6, 1)).y;
  golden::expect_golden("moco", [&](const Tensor& a, const Tensor& b) { return moco(a, b.detach(), queue); });
}

TEST(Moco, OfAMatchAndAQueueOfStrangersHasAClosedForm) {
  const Tensor z(Array::eye(4, DType::f64).slice(0, 0, 2));          // queries that are their own keys
  const Array strangers = Array::eye(4, DType::f64).slice(0, 2, 4);  // at right angles to both
  expect_close(moco(z, z, strangers, {.temperature = 0.5}).item(), std::log(std::exp(2.0) + 2) - 2, tol::f64);
}

TEST(Moco, KeysOfTheBatchAreNoCandidatesOfEachOther) {
  const Array q = random_array({2, 3}, 1), k = random_array({2, 3}, 2), queue = random_array({5, 3}, 3);
  const auto alone = [&](std::int64_t i) {
    return moco(Tensor(q.slice(0, i, i + 1)), Tensor(k.slice(0, i, i + 1)), queue).item();
  };
  expect_close(moco(Tensor(q), Tensor(k), queue).item(), (alone(0) + alone(1)) / 2, tol::f64);
}

TEST(Moco, HasTheRightGradient) {
  for (const Shape& shape : {Shape{1, 3}, Shape{7, 5}}) {
    const Array queue = random_array({4, shape[1]}, 3);
    expect_right_gradient([&](const Tensor& a, const Tensor& b) { return moco(a, b, queue, {.temperature = 0.2}); },
                          {smooth(shape, 1), smooth(shape, 2)});
  }
}

TEST(Moco, OfAnEmptyOrMissingQueueIsRefused) {
  const Tensor z(random_array({4, 3}));
  expect_error([&] { moco(z, z, {}); }, "moco: needs a bank [K, D] with K > 0");
  expect_error([&] { moco(z, z, Array::empty({0, 3}, DType::f64)); }, "moco: needs a bank [K, D] with K > 0");
  expect_error(
      [&] {
        moco(z, z, Array::ones({2, 3}, DType::f64), {.temperature = 0});
      },
      "moco: temperature must be > 0 and finite, got 0");
}

TEST(Moco, OfEqualEmbeddingsIsTheChanceLevel) {
  const Tensor z(Array::ones({5, 3}, DType::f64));
  expect_close(moco(z, z, Array::ones({9, 3}, DType::f64)).item(), std::log(10.0), tol::f64);
}

}  // namespace
}  // namespace akin
