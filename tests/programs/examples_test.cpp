// The examples do what they say, and docs/README.md says what people should see. Bounds lie far below what was measured:
// they tell a training that works from one that does not.
#include <akin/core/error.hpp>
#include <cstdlib>

#include "support/programs.hpp"

namespace akin {
namespace {

using test::Outcome;

class Examples : public test::Programs {
 protected:
  /// What a run prints that ends well.
  std::string output_of(const std::string& program, const std::string& arguments = "") {
    const Outcome outcome = run(program, arguments);
    EXPECT_EQ(outcome.code, 0) << program << ": " << outcome.err;
    EXPECT_EQ(outcome.err, "") << program;
    return outcome.out;
  }
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The number behind the last occurrence of some words.
double number_after(const std::string& text, const std::string& words) {
  const auto at = text.rfind(words);
  EXPECT_NE(at, std::string::npos) << "no '" << words << "' in\n" << text;
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + words.size(), nullptr);
}

TEST_F(Examples, TensorRefusesAProductThatDoesNotFit) {
  const std::string out = output_of("01_tensor");
  EXPECT_TRUE(says(out, "f32 [2, 2] 14 32 32 77\n")) << out;
  EXPECT_TRUE(says(out, "refused: matmul: inner sizes differ: [2, 3] x [2, 3] (3 vs 2)\n")) << out;
}

TEST_F(Examples, AutogradFitsTheLine) {
  const std::string out = output_of("02_autograd");
  EXPECT_TRUE(says(out, "-1.5, 0, 3.75\n")) << out;
  EXPECT_TRUE(says(out, "gradcheck:            ok")) << out;
  EXPECT_TRUE(says(out, "y = 3.000 u -2.000, loss ")) << out;
}

TEST_F(Examples, ClassifierLearnsWithLabels) {
  const std::string out = output_of("03_classifier", "2");
  EXPECT_GT(number_after(out, "test accuracy "), 30) << out;  // measured: 47; by chance 12.5
}

TEST_F(Examples, CustomLossHasTheRightGradients) {
  const std::string out = output_of("05_custom_loss");
  EXPECT_TRUE(says(out, "barlow_twins  ok") && says(out, "huber         ok")) << out;
}

TEST_F(Examples, SimClrLearnsAndItsEncoderFindsSimilarPictures) {
  const std::string out = output_of("04_simclr", "1");
  EXPECT_TRUE(out.starts_with("epoch 1  loss ")) << out;
  EXPECT_LT(number_after(out, "loss "), number_after(out, "chance ")) << out;
  // 29 to 50, by compiler flags: an epoch is too short to gain on an untrained encoder (59); after five 72
  EXPECT_GT(number_after(out, "kNN on learned features "), 22) << out;
  EXPECT_EQ(folder_.names(), "encoder.safetensors");
  const std::string found = output_of("07_embed_and_search", "encoder.safetensors");
  EXPECT_TRUE(says(found, "\nasked for: ring\n  picture ")) << found;
  EXPECT_GT(number_after(found, "nearest pictures, "), 22) << found;  // 27 to 47; after five epochs 66
}

TEST_F(Examples, CustomMethodLearnsAndLeavesARunFolder) {
  const std::string out = output_of("06_custom_method", "1");
  EXPECT_LT(number_after(out, "\nloss "), 20.9) << out;  // measured: 20.3; at the first step 21.5
  EXPECT_GT(number_after(out, "kNN "), 27) << out;       // measured: 36, without clipping 22; after five epochs 67
  EXPECT_EQ(folder_.names("runs/vicreg"), "checkpoints config.json log.txt metrics.csv metrics.jsonl");
  EXPECT_EQ(folder_.names("runs/vicreg/checkpoints"), "encoder.safetensors last.safetensors");
}

TEST_F(Examples, WrongArgumentsAreErrors) {
  for (const auto* example : {"03_classifier", "04_simclr", "06_custom_method"})
    for (const auto* epochs : {"abc", "0", "-1"}) {
      const Outcome outcome = run(example, epochs);
      EXPECT_EQ(outcome.code, 1) << example;
      EXPECT_EQ(outcome.err, cat("error: ", example, ": expects a number of epochs, 1 or more, got '", epochs, "'\n"));
    }
  const Outcome outcome = run("07_embed_and_search", "none.safetensors");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.err.starts_with("error: ") && says(outcome.err, "none.safetensors")) << outcome.err;
  EXPECT_EQ(folder_.names(), "") << "refused before anything was written";
}

}  // namespace
}  // namespace akin
