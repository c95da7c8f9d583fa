// Whether a run that goes on is the run that was begun.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "run_folder.hpp"

namespace akin::inline AKIN_ABI::train {

namespace detail {

/// Options that change how a run is made or measured, but not its weights.
/// data: where pictures lie may change, but not what they show (data_crc32c).
inline constexpr std::string_view free_options[] = {"data",      "data_folder", "gradient_checkpointing",
                                                    "log_every", "workers",     "evaluate",
                                                    "anomaly",   "knn",         "linear_probe"};

AKIN_LAZY std::string shown(const io::Json* value) { return value ? io::to_json(*value) : "nothing"; }

/// Adds "lr: 0.12, now 0.1" for every member that differs, `path` before the names.
AKIN_LAZY void add_differences(const io::Json& before, const io::Json& now, const std::string& path,
                               std::vector<std::string>& found) {
  const auto compare = [&](const std::string& name, const io::Json* a, const io::Json* b) {
    if (a && b && a->is_object() && b->is_object()) return add_differences(*a, *b, path + name + ".", found);
    if (shown(a) != shown(b)) found.push_back(cat(path, name, ": ", shown(a), ", now ", shown(b)));
  };
  for (const auto& [name, value] : before.object()) compare(name, &value, now.find(name));
  for (const auto& [name, value] : now.object())
    if (!before.find(name)) compare(name, nullptr, &value);
}

AKIN_LAZY io::Json without(const io::Json& object, std::string_view name) {
  io::Json::Object kept;
  for (const auto& member : object.object())
    if (member.key != name) kept.push_back(member);
  return kept;
}

}  // namespace detail

/// What is to be known before a run goes on.
struct RunComparison {
  bool begun = false;  ///< false: the folder is empty, or holds a run that did not come to its first step
  std::vector<std::string> warnings;  ///< another compiler or instruction set: its results have other last digits
};

/// Compares config.json of the folder with what the run would be now. Errors: the folder holds something else than a
/// run; seed, device or options differ: each key is named, with both values.
AKIN_LAZY RunComparison compare_runs(const std::string& folder, const io::Json& options, const RunFacts& facts) {
  if (io::kind_of(folder) == io::PathKind::missing || detail::names_in_run(folder).empty()) return {};
  check(detail::is_run_folder(folder), "resume", "'", folder, "' is not empty, but holds no run of akin");
  const io::Json before = io::parse_json(io::read_file(folder + "/config.json", 1 << 24));
  const io::Json* options_before = before.find("options");
  if (!options_before) return {};
  io::Json then = *options_before, now = options;
  for (const auto name : detail::free_options) then = detail::without(then, name), now = detail::without(now, name);
  std::vector<std::string> different;
  const io::Json config = run_config(options, facts);
  RunComparison result{true, {}};
  for (const char* name : {"seed", "device"})
    detail::add_differences(io::Json::Object{{name, before.at(name)}}, io::Json::Object{{name, config.at(name)}}, "",
                            different);
  detail::add_differences(then, now, "", different);
  for (const char* name : {"akin", "compiler", "backend", "instruction_set"})
    detail::add_differences(io::Json::Object{{name, before.at(name)}}, io::Json::Object{{name, config.at(name)}}, "",
                            result.warnings);
  std::string list;
  for (const auto& line : different) list += "\n  " + line;
  check(different.empty(), "resume", "the run in '", folder, "' was begun differently:", list,
        "\ngo on with the options of then, or choose another folder");
  return result;
}

}  // namespace akin::inline AKIN_ABI::train
