#include <akin/autograd/gradcheck.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/norm.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

const Tensor x(random_array({3, 5}, 1));

TEST(Gradcheck, AcceptsARightGradient) {
  const auto report = gradcheck([](const Tensor& a) { return exp(a) * a; }, {x});
  EXPECT_TRUE(report.ok) << report.summary();
  EXPECT_LT(report.worst, 0.5);
}

TEST(Gradcheck, CatchesAGradientThatIsOffByOnePartInAHundredThousand) {
  const auto wrong = [](const Tensor& a) {
    return record("wrong", ops::scale(a.value(), 2), wrt(a, [](const Array& dy) { return ops::scale(dy, 2.00002); }));
  };
  EXPECT_FALSE(gradcheck(wrong, {x}).ok);
}

TEST(Gradcheck, CatchesAMissingTermThatSumsToZero) {  // sum(normalised row) is constant: probing it would see nothing
  const auto wrong = [](const Tensor& a) {
    const auto r = ops::layer_norm(a.value(), Array(), Array());
    return record("wrong", r.y, wrt(a, [rstd = r.rstd](const Array& dy) {
                    return ops::mul(dy, rstd.reshape({3, 1}));
                  }));
  };
  EXPECT_FALSE(gradcheck(wrong, {x}).ok);
}

TEST(Gradcheck, CatchesNaN) {
  const auto nan = [](const Tensor& a) {
    return record("nan", a.value(), wrt(a, [](const Array& dy) { return ops::scale(dy, NAN); }));
  };
  EXPECT_FALSE(gradcheck(nan, {x}).ok);
}

TEST(Gradcheck, CatchesNaNThatLaterElementsDoNotShow) {
  const auto nan_first = [](const Tensor& a) {
    return record("nan", a.value(), wrt(a, [](const Array& dy) {
                    Array g = ops::clone(dy);
                    g.mut<double>()[0] = NAN;
                    return g;
                  }));
  };
  const auto report = gradcheck(nan_first, {x});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.element, 0);
}

TEST(Gradcheck, ChecksTheNumberOfInputs) {
  expect_error([] { gradcheck([](const Tensor& a, const Tensor& b) { return a + b; }, {x}); }, "takes 2 inputs, got 1");
}

TEST(Gradcheck, NamesTheWorstElement) {
  const auto wrong = [](const Tensor& a, const Tensor& b) {
    return record("wrong", ops::add(a.value(), b.value()), wrt(a, [](const Array& dy) { return dy; }),
                  wrt(b, [](const Array& dy) {
                    Array g = ops::clone(dy);
                    g.mut<double>()[7] += 1;
                    return g;
                  }));
  };
  const auto report = gradcheck(wrong, {x, Tensor(random_array({3, 5}, 2))});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.input, 1u);
  EXPECT_EQ(report.element, 7);
}

TEST(Gradcheck, NeedsDoubles) {
  expect_error([] { gradcheck([](const Tensor& a) { return a * a; }, {Tensor(Array::ones({2}))}); },
               "inputs must be f64, got f32");
}

}  // namespace
}  // namespace akin
