// Looking into pipelines: which transforms they hold, in which order, with which options.
#pragma once
#include <akin/augment/compose.hpp>
#include <string>

namespace akin::test {

/// The first transform of that kind, or nullptr.
template <class T>
const T* step(const augment::Pipeline& pipeline) {
  for (const auto& transform : pipeline.transforms())
    if (const T* found = transform.as<T>()) return found;
  return nullptr;
}

/// "crop flip jitter gray blur normalize": the names without what they have in common with others.
inline std::string steps_of(const augment::Pipeline& pipeline) {
  std::string names;
  for (const auto& transform : pipeline.transforms()) {
    std::string name(transform->name());
    name = name == "grayscale" ? "gray" : name.substr(name.find('_') == name.npos ? 0 : name.find('_') + 1);
    names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

}  // namespace akin::test
