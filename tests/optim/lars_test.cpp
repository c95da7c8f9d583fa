#include <akin/io/file.hpp>
#include <akin/io/json_parser.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/optim/lars.hpp>
#include <akin/optim/sgd.hpp>

#include "large_batch_steps.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

using optim::LarsForm;
constexpr LarsForm forms[] = {LarsForm::fb, LarsForm::lightly, LarsForm::larc_clip, LarsForm::simclr};

Tensor parameter(const Shape& shape, const std::vector<double>& values) {
  return Tensor(Array::from<double>(shape, values), true);
}

/// p after one step with the gradient g, or without any where g is empty.
Array after_one(const Shape& shape, const std::vector<double>& values, const std::vector<double>& g,
                const optim::LarsOptions& options, double weight_decay) {
  const Tensor p = parameter(shape, values);
  optim::Lars lars({{{{"p", p}}, weight_decay}}, options);
  if (!g.empty()) test::set_gradient(p, g);
  lars.step();
  return p.value();
}

TEST(Lars, TakesTheStepOfTheReferenceValues) {
  const io::Json all = io::parse_json(io::read_file("tests/reference/golden.json", 1 << 20));
  const auto check_form = [&](const std::string& name, LarsForm form, double trust) {
    const Array got =
        after_one({1, 3}, {0.5, -1, 2}, {0.1, 0.2, -0.3}, {.lr = 0.1, .trust = trust, .form = form}, 1e-4);
    for (std::int64_t i = 0; i < 3; ++i)
      expect_close(at(got, i), all.at(name).list()[static_cast<std::size_t>(i)].number(), tol::golden, name);
  };
  check_form("lars_fb_eta1e-3", LarsForm::fb, 1e-3);
  check_form("lars_fb_eta1e-3", LarsForm::simclr, 1e-3);  // the same in the first step
  check_form("lars_lightly_eta1e-3", LarsForm::lightly, 1e-3);
  check_form("lars_solo_clip_eta.02", LarsForm::larc_clip, 0.02);
}

TEST(Lars, ItsFormsGoTheirOwnWaysWhenTheLearningRateChanges) {
  const auto after = [](LarsForm form, bool nesterov = false) {
    return test::after_three_large_batch_steps<optim::Lars>(
        optim::LarsOptions{.trust = 0.02, .form = form, .nesterov = nesterov});
  };
  expect_close(after(LarsForm::fb), test::three(1.0006071763016364, -1.9995484754820685, 0.4847370639477245), tol::f64,
               "fb");
  expect_close(after(LarsForm::lightly), test::three(1.0004630422361633, -1.9992699307926542, 0.48529002295109214),
               tol::f64, "lightly");
  expect_close(after(LarsForm::larc_clip), test::three(1.0012711132684449, -2.012324803403053, 0.35467215093675586),
               tol::f64, "larc_clip");
  expect_close(after(LarsForm::simclr), test::three(1.0011390866127146, -1.9992800628828635, 0.4812444066018818),
               tol::f64, "simclr");
  expect_close(after(LarsForm::fb, true), test::three(1.0012933624024043, -2.001063764581201, 0.4782199253401436),
               tol::f64, "fb, nesterov");
  expect_close(after(LarsForm::simclr, true), test::three(1.001771338324229, -2.000821836670722, 0.47507843129901417),
               tol::f64, "simclr, nesterov");
}

TEST(Lars, TakesTheSameStepsInF32) {
  for (const LarsForm form : forms) {
    const auto after = [&](DType dtype) {
      const optim::LarsOptions options{.trust = 0.02, .form = form};
      return test::after_three_large_batch_steps<optim::Lars>(options, 0.05, false, dtype);
    };
    expect_close(ops::cast(after(DType::f32), DType::f64), after(DType::f64), tol::f32, name_of(form));
  }
}

TEST(Lars, ItsStepIsAsLongAsTheWeightsWantWhateverTheGradient) {  // |p| = 5: a step of lr trust |p|
  for (const double scale : {1e-6, 1.0, 1e6}) {
    const Array p = after_one({1, 2}, {3, 4}, {scale, 0}, {.lr = 2, .trust = 0.01}, 0);
    expect_close(p, Array::from<double>({1, 2}, {3 - 2 * 0.01 * 5, 4}), tol::f64, cat("gradients times ", scale));
  }
}

TEST(Lars, NormsAndBiasesTakePlainStepsOfSgd) {
  const auto lars = [](LarsForm form, bool exclude) {
    return test::after_three_large_batch_steps<optim::Lars>(
        optim::LarsOptions{.form = form, .exclude_norms_and_biases = exclude}, 0.05, true);
  };
  const Array want = test::after_three_large_batch_steps<optim::Sgd>(optim::SgdOptions{.momentum = 0.9}, 0, true);
  for (const LarsForm form : forms) {
    if (form != LarsForm::simclr) expect_close(lars(form, true), want, tol::f64, name_of(form));
    EXPECT_GT(std::abs(at(lars(form, false), 2) - at(want, 2)), 0.01) << name_of(form) << " adapts them if told to";
  }
  // simclr: the learning rate of each step stays in the momentum. m = .05, -.03, and .9 (-.03) + .0125
  expect_close(at(lars(LarsForm::simclr, true), 0), 1 - 0.05 + 0.03 + 0.0145, tol::f64);
}

TEST(Lars, ExcludesWhatHasOneAxisOrNone) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 2, .out = 3}), nn::BatchNorm({.features = 3}));
  optim::Lars lars(model, {.lr = 1, .momentum = 0, .weight_decay = 0.5, .trust = 0.01});
  for (const auto& [name, p] : model.named_parameters()) {
    ops::assign(p.mutable_value(), Array::full(p.shape(), 2));
    sum(p).backward();
  }
  lars.step();
  const double n = std::sqrt(6.0);  // six weights of 2 and d = 1 + 0.5 * 2
  for (const auto& [name, p] : model.named_parameters())
    expect_close(at(p.value(), 0), name == "0.weight" ? 2 - 0.01 * 2 * n / (2 * n) * 2 : 2 - 1, tol::f32, name);
}

TEST(Lars, LightlyExcludesGroupsWithoutDecay) {
  for (const LarsForm form : forms) {
    const double p = at(after_one({1, 1}, {2}, {3}, {.lr = 0.1, .trust = 0.01, .form = form}, 0), 0);
    const double adapted = form == LarsForm::larc_clip ? 2 - 0.01 * 2 : 2 - 0.1 * 0.01 * 2;  // q = r / lr there
    if (form == LarsForm::lightly)
      expect_close(p, 2 - 0.1 * 3, tol::f64);
    else
      expect_close(p, adapted, form == LarsForm::larc_clip ? tol::f32 : tol::f64, name_of(form));  // 1e-8 in r
  }
}

TEST(Lars, AZeroNormLeavesTheStepUnscaled) {
  for (const LarsForm form : forms) {
    const optim::LarsOptions options{.lr = 0.1, .form = form};
    expect_close(at(after_one({1, 1}, {0}, {3}, options, 0.5), 0), -0.3, tol::f64, name_of(form));
    // Without a gradient the forms of lightly and solo-learn leave the decay out; the others adapt to it alone.
    const bool decays = form == LarsForm::fb || form == LarsForm::simclr;
    expect_close(at(after_one({1, 1}, {2}, {0}, options, 0.5), 0), decays ? 2 - 0.1 * 1e-3 * 2 : 2, tol::f64,
                 name_of(form));
  }
  expect_close(after_one({1, 2}, {0.1, 0.3}, {-0.07, -0.21}, {}, 0.7), Array::from<double>({1, 2}, {0.1, 0.3}),
               tol::f64, "decay and gradient cancel, but for rounding");
}

TEST(Lars, LeavesParametersWithoutAGradientAlone) {
  for (const LarsForm form : forms) EXPECT_EQ(at(after_one({1, 1}, {2}, {}, {.form = form}, 0.5), 0), 2);
}

TEST(Lars, GroupsMayKeepTheirLearningRate) {
  const Tensor a = parameter({1, 1}, {1}), b = parameter({1, 1}, {1});
  optim::Lars lars({{{{"a", a}}, 0}, {{{"b", b}}, 0, true}}, {.lr = 1, .trust = 0.1});
  lars.set_lr(0.5);
  sum(a + b).backward();
  lars.step();
  expect_close(a.item(), 1 - 0.5 * 0.1, tol::f64);
  expect_close(b.item(), 1 - 0.1, tol::f64);
}

TEST(Lars, StateIsTheMomentumAndNoneWithoutIt) {
  const nn::Module model = nn::Linear({.in = 2, .out = 3});
  const auto state = optim::Lars(model, {}).named_state();
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state[0].name, "momentum/weight");
  EXPECT_TRUE(optim::Lars(model, {.momentum = 0}).named_state().empty());
}

TEST(Lars, RejectsBadOptions) {
  const auto with = [](const optim::LarsOptions& options) { optim::Lars(nn::Linear({.in = 2, .out = 3}), options); };
  expect_error([&] { with({.momentum = 1}); }, "lars: momentum must lie in [0, 1), got 1");
  expect_error([&] { with({.momentum = NAN}); }, "lars: momentum must lie in [0, 1), got nan");
  expect_error([&] { with({.momentum = 0, .nesterov = true}); }, "lars: nesterov needs momentum > 0");
  for (const double bad : {0.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { with({.trust = bad}); }, "lars: trust must be > 0 and finite, got ");
}

}  // namespace
}  // namespace akin
