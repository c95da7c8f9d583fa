// What a network is made of and what its batch norms have seen.
#pragma once
#include <akin/nn/module.hpp>
#include <string>
#include <vector>

namespace akin::test {

/// One line per layer below the network itself.
inline std::string layers_of(const nn::Module& network) {
  std::string text;
  for (const auto& [name, module] : network.named_modules())
    if (!name.empty()) text += module.describe() + "\n";
  return text;
}

/// How many batches each batch norm has seen in training, in order.
inline std::vector<std::int64_t> batches_seen(const nn::Module& network) {
  std::vector<std::int64_t> counts;
  for (const auto& [name, tensor] : network.named_buffers())
    if (name.ends_with("num_batches_tracked")) counts.push_back(static_cast<std::int64_t>(tensor.item()));
  return counts;
}

}  // namespace akin::test
