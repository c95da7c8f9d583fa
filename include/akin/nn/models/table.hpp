// The table of encoders, by name. Elsewhere a table is simply table() and find(); nn holds more than encoders.
#pragma once
#include <string>
#include <vector>

#include "../../core/names.hpp"
#include "convnet.hpp"
#include "resnet.hpp"

namespace akin::inline AKIN_ABI::nn {

/// Pictures an encoder is built for.
struct EncoderSetup {
  std::int64_t size = 28, channels = 1;
  std::uint64_t seed = 0;
};

struct EncoderRow {
  std::string_view name, summary;
  std::int64_t features;  ///< width of the output
  Module (*make)(const EncoderSetup&);
};

AKIN_LAZY const std::vector<EncoderRow>& encoders() {
  static const std::vector<EncoderRow> rows = {
      {"convnet", "four 3x3 convolutions, 0.4 M parameters", 256,
       [](const EncoderSetup& s) { return convnet({.channels = s.channels, .seed = s.seed}); }},
      {"resnet18", "ResNet-18, 11.2 M parameters; CIFAR stem up to 64 px", 512,
       [](const EncoderSetup& s) {
         return resnet18({.channels = s.channels, .small_images = s.size <= 64, .seed = s.seed});
       }},
      {"resnet34", "ResNet-34, 21.3 M parameters; CIFAR stem up to 64 px", 512,
       [](const EncoderSetup& s) {
         return resnet34({.channels = s.channels, .small_images = s.size <= 64, .seed = s.seed});
       }},
      {"resnet50", "ResNet-50, 23.5 M parameters; CIFAR stem up to 64 px", 2048,
       [](const EncoderSetup& s) {
         return resnet50({.channels = s.channels, .small_images = s.size <= 64, .seed = s.seed});
       }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const EncoderRow& find_encoder(std::string_view name) {
  return find_row("encoders", "encoder", encoders(), name);
}

}  // namespace akin::inline AKIN_ABI::nn
