#include <akin/losses/params.hpp>
#include <string_view>

#include "support/test.hpp"

namespace akin {
namespace {

struct RowWithParams {
  std::string_view name = "row";
  std::vector<std::string_view> params = {"temperature", "weight"};
  std::vector<double> defaults = {0.5, 25};
};

TEST(ParamsOf, AreTheGivenOnesOrTheDefaults) {
  EXPECT_EQ(losses::params_of(RowWithParams{}, {}), (std::vector<double>{0.5, 25}));
  EXPECT_EQ(losses::params_of(RowWithParams{}, {0.1, 1}), (std::vector<double>{0.1, 1}));
}

TEST(ParamsOf, RefuseAnotherNumber) {
  expect_error([] { losses::params_of(RowWithParams{}, {0.1}); }, "row: has 2 parameters, got 1");
  expect_error([] { losses::params_of(RowWithParams{}, {0.1, 1, 2}); }, "row: has 2 parameters, got 3");
}

}  // namespace
}  // namespace akin
