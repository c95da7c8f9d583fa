// One line about a running training, as a pure function of its state and of the width of the terminal.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "terminal.hpp"

namespace akin::inline AKIN_ABI::train {

/// What the line shows. Values that are nan are not known and not shown.
struct ProgressState {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  int epoch = 1, epochs = 1;         ///< counted from 1
  std::int64_t step = 0, steps = 1;  ///< within the epoch
  bool has_loss = false;             ///< a loss that is nan is shown
  double loss = unknown;             ///< smoothed
  double lr = unknown;
  double images_per_second = unknown;
  double data_wait = unknown;      ///< share of the time spent waiting for the loader, 0 ... 1
  double embedding_std = unknown;  ///< of normalised embeddings, mean over features
  double healthy_std = 0;          ///< 1/sqrt(features); below half of it the line warns of collapse with '!'
  double seconds_left = unknown;   ///< to the end of the last epoch
};

/// 83 gives "1:23", 3723 "1:02:03", 356400 "4d 03h"; unknown "-:--".
AKIN_LAZY std::string duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "-:--";
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  const auto two = [](std::int64_t n) { return cat(n < 10 ? "0" : "", n); };
  if (s >= 86400) return cat(s / 86400, "d ", two(s / 3600 % 24), "h");
  if (s >= 3600) return cat(s / 3600, ':', two(s / 60 % 60), ':', two(s % 60));
  return cat(s / 60, ':', two(s % 60));
}

namespace detail {

struct Style {
  bool color;
  std::string dim(const std::string& text) const { return paint("\x1b[2m", text); }
  std::string bold(const std::string& text) const { return paint("\x1b[1m", text); }
  std::string green(const std::string& text) const { return paint("\x1b[32m", text); }
  std::string red(const std::string& text) const { return paint("\x1b[1;31m", text); }
  AKIN_LAZY std::string paint(const char* code, const std::string& text) const {
    return color && !text.empty() ? code + text + "\x1b[0m" : text;
  }
};

/// A label and a value, two spaces apart from the field before. Narrow terminals lose the fields of low rank first.
struct Field {
  int rank;
  std::string before, value, after;
  bool alarm = false;

  int columns() const { return 2 + columns_of(before) + columns_of(value) + columns_of(after); }
  AKIN_LAZY std::string text(Style style) const {
    return "  " + style.dim(before) + (alarm ? style.red(value) : style.bold(value)) + style.dim(after);
  }
};

/// About four digits, so that the line does not jump about: 4.812, 48.12, 0.0481, 3.1e-05.
AKIN_LAZY std::string short_number(double x) {
  const double size = std::abs(x);
  if (size != 0 && size < 1e-3) return number("%.1e", x);
  if (size == 0 || !(size < 1000)) return number("%.4g", x);
  return number(size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : size >= 1 ? "%.3f" : "%.4f", x);
}

/// Share of the epoch that is done, 0 ... 1.
AKIN_LAZY double done(const ProgressState& s) {
  const auto steps = static_cast<double>(std::max<std::int64_t>(s.steps, 1));
  return std::clamp(static_cast<double>(s.step) / steps, 0.0, 1.0);
}

AKIN_LAZY std::vector<Field> fields_of(const ProgressState& s) {
  std::vector<Field> fields;
  const auto add = [&](bool known, Field field) {
    if (known) fields.push_back(std::move(field));
  };
  const bool collapses = s.embedding_std < 0.5 * s.healthy_std;
  const char* rate = s.images_per_second < 99.5 ? "%.1f" : "%.0f";
  add(true, {9, "", number("%3.0f", std::floor(100 * done(s))), "%"});
  add(s.has_loss, {8, "loss ", short_number(s.loss), "", !std::isfinite(s.loss)});
  add(!std::isnan(s.lr), {4, "lr ", short_number(s.lr), ""});
  add(!std::isnan(s.images_per_second), {6, "", number(rate, s.images_per_second), " img/s"});
  add(!std::isnan(s.data_wait), {3, "wait ", number("%.0f", 100 * s.data_wait), "%", s.data_wait > 0.5});
  add(!std::isnan(s.embedding_std), {5, "std ", number("%.3f", s.embedding_std), collapses ? "!" : "", collapses});
  add(true, {7, "ETA ", duration(s.seconds_left), ""});
  return fields;
}

AKIN_LAZY std::string step_of(const ProgressState& s) {
  const std::string total = std::to_string(s.steps), step = std::to_string(s.step);
  return std::string(total.size() - std::min(total.size(), step.size()), ' ') + step + "/" + total;
}

/// "[=====>    ]": the head shows that something runs even before the first column is full.
AKIN_LAZY std::string bar(const ProgressState& s, int columns, Style style) {
  const int inner = columns - 2;
  const int full = static_cast<int>(done(s) * inner);
  const std::string filled = std::string(static_cast<std::size_t>(full), '=') + (full < inner ? ">" : "");
  const std::string empty(static_cast<std::size_t>(inner) - filled.size(), ' ');
  return style.dim("[") + style.green(filled) + empty + style.dim("]");
}

}  // namespace detail

/// One line of fewer than `width` columns, so that no terminal wraps it:
///   epoch 2/3  [=========>    ]  312/468   66%  loss 4.812  lr 0.0871  1240 img/s  wait 1%  std 0.083  ETA 1:42
/// When it does not fit, the bar shrinks, then fields go, the least important first.
AKIN_LAZY std::string render(const ProgressState& state, int width, bool color) {
  const detail::Style style{color};
  const int room = std::max(width - 1, 0), least_bar = 12, most_bar = 32;
  const std::string epoch = cat("epoch ", state.epoch, '/', state.epochs), step = detail::step_of(state);
  std::vector<detail::Field> fields = detail::fields_of(state);
  const auto needed = [&] {
    int columns = columns_of(epoch) + 2 + columns_of(step);
    for (const auto& field : fields) columns += field.columns();
    return columns;
  };
  const auto least_important = [](const auto& a, const auto& b) { return a.rank < b.rank; };
  while (fields.size() > 1 && needed() + 2 + least_bar > room)
    fields.erase(std::min_element(fields.begin(), fields.end(), least_important));
  const int bar = std::min(room - needed() - 2, most_bar);
  if (needed() > room) return (epoch + "  " + step).substr(0, static_cast<std::size_t>(room));
  std::string line = style.dim("epoch ") + epoch.substr(6) +
                     (bar >= least_bar ? "  " + detail::bar(state, bar, style) : "") + "  " + step;
  for (const auto& field : fields) line += field.text(style);
  return line;
}

/// The same without a bar, for logs: no colour, no limit of width.
AKIN_LAZY std::string render_plain(const ProgressState& state) {
  std::string line = cat("epoch ", state.epoch, '/', state.epochs, "  ", detail::step_of(state));
  for (const auto& field : detail::fields_of(state)) line += field.text({false});
  return line;
}

}  // namespace akin::inline AKIN_ABI::train
