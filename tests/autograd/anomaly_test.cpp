#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/sequential.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

struct TakeLog {
  Tensor operator()(const Tensor& x) const { return log(x); }
  std::string describe() const { return "TakeLog"; }
};
struct TakeRoot {
  Tensor operator()(const Tensor& x) const { return sqrt(x); }
  std::string describe() const { return "TakeRoot"; }
};

TEST(Anomaly, NamesTheOpAndTheModuleOfTheFirstBadValue) {
  const nn::Module model = nn::Sequential(nn::Module(nn::Sequential(TakeRoot{}, TakeLog{})));
  model.name_modules();
  const AnomalyMode guard;
  expect_error([&] { model(Tensor(Array::zeros({2}), true)); },
               "the forward of 'log' in module '0.1' gave NaN or infinity, shape [2]");
}

TEST(Anomaly, NamesTheOpOfTheFirstBadGradient) {
  const nn::Module model = nn::Sequential(TakeRoot{});
  model.name_modules();
  const AnomalyMode guard;
  const Tensor loss = sum(model(Tensor(Array::zeros({2}), true)));  // fine forward, infinite slope
  expect_error([&] { loss.backward(); },
               "backward of 'sqrt' in module '0': anomaly: the backward of 'sqrt' gave NaN or infinity");
}

TEST(Anomaly, AModeThatIsOffChangesNothing) {
  const auto gives_infinity = [] { log(Tensor(Array::zeros({1}))); };
  {
    const AnomalyMode off(false);
    EXPECT_NO_THROW(gives_infinity());
  }
  const AnomalyMode on;
  const AnomalyMode off(false);
  EXPECT_THROW(gives_infinity(), Error) << "inside another";
}

TEST(Anomaly, IsOffOutsideItsScope) {
  { const AnomalyMode guard; }
  EXPECT_TRUE(std::isinf(at(log(Tensor(Array::zeros({1}))).value(), 0)));
}

}  // namespace
}  // namespace akin
