#include <akin/eval/knn.hpp>
#include <limits>

#include "support/test.hpp"

namespace akin::eval {
namespace {

Features features(const Shape& shape, unsigned seed, std::int64_t classes) {
  Features f{random_array(shape, seed, DType::f32), Array::empty({shape[0]}, DType::i64)};
  for (std::int64_t i = 0; i < shape[0]; ++i) f.labels.mut<std::int64_t>()[i] = (i * 7 + i / 3) % classes;
  return f;
}

/// Three directions in the plane, 0, 60 and 120 degrees, of classes 0, 1, 1.
Features three_directions() {
  const float s = std::sqrt(0.75f);
  return {Array::from<float>({3, 2}, {1, 0, .5f, s, -.5f, s}), int_array({0, 1, 1})};
}

TEST(Knn, PredictsLikeItsNaiveTwin) {
  for (const std::int64_t n : {33, 257, 2500})  // 2500: more than one block
    for (const int k : {1, 7, 33}) {
      const Features train = features({n, 7}, 1, 4);
      const Array test = random_array({n == 2500 ? 3 : 66, 7}, 2, DType::f32);
      expect_close(knn_predict(train, test, {.k = k}), knn_predict_naive(train, test, {.k = k}), tol::exact,
                   cat("n ", n, " k ", k));
    }
}

TEST(Knn, SeveralBlocksOfTestFeaturesPredictLikeOne) {
  const Features train = features({33, 3}, 1, 4);
  const Array test = random_array({2100, 3}, 2, DType::f32);
  const Array all = knn_predict(train, test, {.k = 5});
  expect_close(all.slice(0, 2000, 2100), knn_predict(train, test.slice(0, 2000, 2100), {.k = 5}), tol::exact);
}

TEST(Knn, TheTemperatureDecidesBetweenTheNearestAndTheMany) {
  const Array test = Array::from<float>({1, 2}, {.99f, .1f});  // near class 0; twice class 1 further away
  expect_close(knn_predict(three_directions(), test, {.k = 3, .temperature = .07}), int_array({0}), tol::exact);
  expect_close(knn_predict(three_directions(), test, {.k = 3, .temperature = 100}), int_array({1}), tol::exact);
  expect_close(knn_predict(three_directions(), test, {.k = 1, .temperature = 100}), int_array({0}), tol::exact);
}

TEST(Knn, ATinyTemperatureDoesNotOverflow) {
  const Array test = Array::from<float>({2, 2}, {.99f, .1f, -1, .1f});
  expect_close(knn_predict(three_directions(), test, {.k = 3, .temperature = 1e-5}), int_array({0, 1}), tol::exact);
}

TEST(Knn, EqualScoresGoToTheLowerClass) {
  const Features train{Array::eye(3), int_array({5, 2, 9})};
  expect_close(knn_predict(train, Array::ones({1, 3}), {.k = 3}), int_array({2}), tol::exact);
}

TEST(Knn, OfEquallyNearFeaturesTheFirstOnesVote) {
  const Features train{Array::ones({9, 2}), int_array({3, 3, 1, 1, 1, 1, 1, 1, 1})};
  expect_close(knn_predict(train, Array::ones({1, 2}), {.k = 3}), int_array({3}), tol::exact);
}

TEST(Knn, ScalingRowsChangesNothing) {
  const Features train = features({257, 7}, 1, 4);
  const Array test = random_array({33, 7}, 2, DType::f32);
  Features scaled{ops::clone(train.x), train.labels};
  for (std::int64_t i = 0; i < scaled.x.size(); ++i) scaled.x.mut<float>()[i] *= static_cast<float>(1 << (i / 7 % 12));
  expect_close(knn_predict(scaled, ops::scale(test, 0.25)), knn_predict(train, test), tol::exact);
}

TEST(Knn, AFeatureIsItsOwnNearestNeighbour) {
  const Features train = features({257, 7}, 1, 4);
  EXPECT_EQ(knn_accuracy(train, train, {.k = 1}), 1.0);
}

TEST(Knn, AccuracyCountsTheHits) {
  const Features test{Array::from<float>({4, 2}, {1, 0, 1, .1f, -1, 1, 0, 1}), int_array({0, 1, 1, 0})};
  EXPECT_EQ(knn_accuracy(three_directions(), test, {.k = 1}), 0.5);
}

TEST(Knn, DoesNotDependOnTheNumberOfThreads) {
  const Features train = features({2100, 7}, 1, 4);
  const Array test = random_array({257, 7}, 2, DType::f32);
  const int before = threads();
  set_threads(1);
  const Array one = knn_predict(train, test);
  set_threads(3);
  const Array three = knn_predict(train, test);
  set_threads(before);
  expect_close(three, one, tol::exact);
}

TEST(Knn, RejectsOptionsOutOfRange) {
  const Features train = three_directions();
  expect_error([&] { knn_predict(train, train.x, {.k = 0}); },
               "k must lie in 1 ... 3 (the number of training features), got 0");
  expect_error([&] { knn_predict(train, train.x, {.k = 4}); }, "got 4");
  expect_error([&] { knn_predict(train, train.x, {.k = 1, .temperature = 0}); }, "temperature must be > 0");
}

TEST(Knn, RejectsFeaturesThatDoNotFit) {
  const Features train = three_directions();
  expect_error([&] { knn_predict(train, Array::ones({2, 3}), {.k = 1}); }, "differ in size: [3, 2] vs [2, 3]");
  expect_error([&] { knn_predict(train, Array::ones({0, 2}), {.k = 1}); }, "test features are empty");
  Array bad = Array::ones({4, 2});
  bad.mut<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { knn_predict(train, bad, {.k = 1}); }, "row 2 of the test features holds a NaN");
}

TEST(Knn, RejectsMissingLabels) {
  const Features train = three_directions();
  expect_error([&] { knn_predict({train.x, {}}, train.x, {.k = 1}); }, "training features need i64 labels");
  expect_error([&] { knn_predict({train.x, int_array({0, 1})}, train.x, {.k = 1}); }, "has shape [2], expected [3]");
  expect_error(
      [&] {
        knn_predict({train.x, int_array({0, -1, 1})}, train.x, {.k = 1});
      },
      "row 1 of the training features has no label");
  expect_error(
      [&] {
        knn_accuracy(train, {train.x, int_array({0, 1, -1})}, {.k = 1});
      },
      "row 2 of the test features has no label");
}

}  // namespace
}  // namespace akin::eval
