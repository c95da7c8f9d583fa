// What a pre-training run measured: as JSON for programs, as a table for people.
#pragma once
#include <sys/resource.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../io/json.hpp"
#include "table_printer.hpp"

namespace akin::inline AKIN_ABI::train {

/// Fractions in [0, 1] for accuracies; NaN where not evaluated.
struct PretrainResult {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double linear = none, knn = none;
  double linear_raw_pixels = none, knn_raw_pixels = none;
  double linear_untrained = none, knn_untrained = none;
  double seconds = 0, images_per_second = 0;
  double embedding_std = 0;
  double rankme = none;  ///< of the encoder's output on up to 5,000 test images
  double loss = 0, chance_loss = none;
  std::int64_t skipped_steps = 0;  ///< their loss or gradient was not finite
  std::int64_t peak_memory_bytes = 0;

  /// Whether there is nothing left to measure.
  bool complete(bool evaluated) const { return !std::isnan(rankme) && !(evaluated && std::isnan(knn_untrained)); }

  /// What to_json gave. Errors: a member is missing or no number.
  AKIN_LAZY static PretrainResult from_json(const io::Json& json) {
    PretrainResult result;
    for (const auto& [name, value] : measurements())
      result.*value = json.at(name).is_null() ? none : json.at(name).number();
    result.skipped_steps = json.at("skipped_steps").integer();
    result.peak_memory_bytes = json.at("peak_memory_bytes").integer();
    return result;
  }

  AKIN_LAZY io::Json to_json() const {
    io::Json::Object json;
    for (const auto& [name, value] : measurements()) json.push_back({name, this->*value});
    json.push_back({"skipped_steps", skipped_steps});
    json.push_back({"peak_memory_bytes", peak_memory_bytes});
    return json;
  }

  /// Accuracies in percent: features of the run, raw pixels, the encoder before training.
  AKIN_LAZY Table to_table() const {
    const auto percent = [](double fraction) { return number("%.2f", 100 * fraction); };
    return {{"features", "linear %", "kNN %"},
            {{"pre-trained encoder", percent(linear), percent(knn)},
             {"raw pixels", percent(linear_raw_pixels), percent(knn_raw_pixels)},
             {"untrained encoder", percent(linear_untrained), percent(knn_untrained)}}};
  }

 private:
  using Member = double PretrainResult::*;
  struct Measurement {
    const char* name;
    Member value;
  };
  AKIN_LAZY static const std::vector<Measurement>& measurements() {
    using R = PretrainResult;
    static const std::vector<Measurement> all = {{"linear", &R::linear},
                                                 {"knn", &R::knn},
                                                 {"linear_raw_pixels", &R::linear_raw_pixels},
                                                 {"knn_raw_pixels", &R::knn_raw_pixels},
                                                 {"linear_untrained", &R::linear_untrained},
                                                 {"knn_untrained", &R::knn_untrained},
                                                 {"seconds", &R::seconds},
                                                 {"images_per_second", &R::images_per_second},
                                                 {"embedding_std", &R::embedding_std},
                                                 {"rankme", &R::rankme},
                                                 {"loss", &R::loss},
                                                 {"chance_loss", &R::chance_loss}};
    return all;
  }
};

/// Largest resident set of this process so far.
AKIN_LAZY std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace akin::inline AKIN_ABI::train
