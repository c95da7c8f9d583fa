// What a loader calls to make views of a batch.
#pragma once
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/samples.hpp"

namespace akin::inline AKIN_ABI::data {

/// Makes the views of a batch: any callable std::vector<Array>(const Samples&), such as augment::Views. Called from
/// several threads at once when there are several workers. Not std::function: <functional> alone would add a tenth to
/// what the library costs an empty program.
class ViewMaker {
 public:
  ViewMaker() = default;  ///< makes no views
  template <class F>
  requires std::is_invocable_r_v < std::vector<Array>,
  const F&,
      const Samples& > ViewMaker(F f)
      : callable_(std::make_shared<const F>(std::move(f))),
  call_([](const void* callable, const Samples& samples) -> std::vector<Array> {
    return (*static_cast<const F*>(callable))(samples);
  }) {}

  std::vector<Array> operator()(const Samples& samples) const {
    return callable_ ? call_(callable_.get(), samples) : std::vector<Array>();
  }

 private:
  std::shared_ptr<const void> callable_;
  std::vector<Array> (*call_)(const void*, const Samples&) = nullptr;
};

}  // namespace akin::inline AKIN_ABI::data
