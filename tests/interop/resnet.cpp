// Runs a ResNet for resnet.py, on pictures from files.
//   load MODEL WEIGHTS [IMAGES OUT]...   reads PyTorch weights and prints the report
//   save MODEL WEIGHTS [IMAGES OUT]...   sees the pictures once in training mode, then writes weights for PyTorch
// Both write to each OUT what the network makes of IMAGES in evaluation mode.
#include <akin/autograd/grad_mode.hpp>
#include <akin/io/torch_weights.hpp>
#include <akin/nn/models/resnet.hpp>
#include <cstdio>

#include "program.hpp"

using namespace akin;

namespace {

/// "resnet18" is torchvision's, "resnet18-features" has no classifier, "resnet18-small" is solo-learn's for 32x32.
nn::Module make(const std::string& name) {
  const auto dash = name.find('-');
  const std::string depth = name.substr(0, dash), kind = dash == name.npos ? "" : name.substr(dash + 1);
  const nn::ResnetOptions options{
      .small_images = kind == "small", .small_padding = 2, .classes = kind.empty() ? 1000 : 0, .seed = 3};
  check(depth == "resnet18" || depth == "resnet34" || depth == "resnet50", "resnet", "unknown model '", name, "'");
  return depth == "resnet18"   ? nn::resnet18(options)
         : depth == "resnet34" ? nn::resnet34(options)
                               : nn::resnet50(options);
}

void run(const std::vector<std::string>& words) {
  check(words.size() >= 3 && words.size() % 2 == 1, "resnet", "expected: load|save MODEL WEIGHTS [IMAGES OUT]...");
  const nn::Module model = make(words[1]);
  const NoGrad no_gradients;
  const auto output = [&](const std::string& images) {
    return model(Tensor(io::load_safetensors(images).at("images"))).value();
  };
  if (words[0] == "load") {
    std::printf("%s\n", io::to_text(io::load_torch(model, words[2])).c_str());
  } else {
    for (std::size_t i = 3; i < words.size(); i += 2) output(words[i]);
    io::save_torch(model, words[2]);
  }
  model.eval();
  for (std::size_t i = 3; i < words.size(); i += 2) io::save_safetensors(words[i + 1], {{"out", output(words[i])}});
}

}  // namespace

int main(int count, char** words) { return interop::run_program(count, words, run); }
