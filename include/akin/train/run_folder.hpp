// The folder of one run: what was asked for, what was measured, what was said, and the checkpoints.
//
//   DIR/config.json  DIR/metrics.csv  DIR/metrics.jsonl  DIR/log.txt  DIR/result.json  DIR/checkpoints/*.safetensors
#pragma once
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "../io/folder.hpp"
#include "../io/json_parser.hpp"
#include "../version.hpp"
#include "metrics_log.hpp"
#include "terminal.hpp"

namespace akin::inline AKIN_ABI::train {

/// What to do with a folder that holds something already.
enum class IfExists {
  refuse,     ///< an Error that names --overwrite
  overwrite,  ///< remove the files of an earlier run, and nothing else
  resume      ///< keep everything and append
};

/// What every config.json says about the program that made the run.
struct RunFacts {
  std::uint64_t seed = 0;
  int threads = 1;
  std::string device = "cpu";
};

namespace detail {

/// "a.json.tmp-12-0", left by a run that was killed while it wrote a.json, counts as a.json.
inline std::string_view without_temporary(std::string_view name) { return name.substr(0, name.find(".tmp-")); }

/// True for the names that akin itself gives to files of a run folder.
inline bool is_run_file(std::string_view name) {
  name = without_temporary(name);
  for (const std::string_view own : {"config.json", "metrics.csv", "metrics.jsonl", "log.txt", "result.json", "report"})
    if (name == own) return true;
  return name.starts_with("report.") || name.starts_with("report-") || name.starts_with("report_");
}
inline bool is_checkpoint_file(std::string_view name) { return without_temporary(name).ends_with(".safetensors"); }

/// Removes the files in `folder` whose names `is_own` accepts (of a link: the link); returns the names of all others.
template <class IsOwn>
std::vector<std::string> remove_own_files(const std::string& folder, IsOwn is_own) {
  std::vector<std::string> kept;
  for (const auto& name : io::list_folder(folder)) {
    const std::string path = folder + "/" + name;
    const io::PathKind kind = io::kind_of(path);
    if (!is_own(name) || (kind != io::PathKind::file && kind != io::PathKind::link)) {
      kept.push_back(name);
      continue;
    }
    check(::unlink(path.c_str()) == 0, "run folder", "cannot remove '", path, "': ", io::errno_text(errno));
  }
  return kept;
}

/// Names such as config.json are common: only a config.json that says "akin" makes a folder ours to clear.
AKIN_LAZY bool is_run_folder(const std::string& path) {
  try {
    return io::parse_json(io::read_file(path + "/config.json", 1 << 24)).find("akin") != nullptr;
  } catch (const Error&) {
    return false;
  }
}

AKIN_LAZY std::string compiler_name() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

/// Now, in UTC: 2026-01-31T23:59:59Z.
AKIN_LAZY std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", ::gmtime_r(&now, &parts));
  return std::string(text, size);
}

}  // namespace detail

/// Creates (with parents), refuses, clears or continues the folder. With overwrite, only files that akin writes are
/// removed; other folders and files it does not know stay as they are, and foreign_files() and the log name them.
/// Errors: the folder is not empty and nothing said what to do; whatever the system refuses.
class RunFolder {
 public:
  AKIN_LAZY explicit RunFolder(std::string path, IfExists if_exists = IfExists::refuse)
      : path_(std::move(path)), foreign_(prepare(path_, if_exists)), log_(path_ + "/log.txt"), metrics_(path_) {
    for (const auto& name : foreign_) log("kept '" + name + "', which is not a file of an earlier run");
  }

  const std::string& path() const { return path_; }
  AKIN_LAZY std::string path(std::string_view name) const { return cat(path_, '/', name); }
  AKIN_LAZY std::string checkpoint(std::string_view name) const { return cat(path_, "/checkpoints/", name, ".safetensors"); }
  const std::vector<std::string>& foreign_files() const { return foreign_; }

  /// config.json: the options, fully resolved, and what else decides the result.
  AKIN_LAZY void write_config(const io::Json& options, const RunFacts& facts) {
    write("config.json", io::Json::Object{{"akin", AKIN_VERSION},
                                          {"compiler", detail::compiler_name()},
                                          {"backend", AKIN_QUOTE(AKIN_BACKEND)},
                                          {"instruction_set", AKIN_QUOTE(AKIN_ISA)},
                                          {"device", facts.device},
                                          {"seed", facts.seed},
                                          {"threads", facts.threads},
                                          {"options", options}});
  }
  AKIN_LAZY void write_result(const io::Json& result) { write("result.json", result); }

  /// One line of log.txt, with the time in UTC.
  AKIN_LAZY void log(std::string_view line) { log_.append(detail::utc_time() + "  " + printable(line) + "\n"); }

  MetricsLog& metrics() { return metrics_; }

 private:
  AKIN_LAZY void write(std::string_view name, const io::Json& value) { io::write_file(path(name), io::to_json(value, 2) + "\n"); }

  AKIN_LAZY static std::vector<std::string> prepare(const std::string& path, IfExists if_exists) {
    io::make_folders(path);
    const std::vector<std::string> names = io::list_folder(path);
    check(names.empty() || if_exists != IfExists::refuse, "run folder", "'", path,
          "' is not empty; replace that run with --overwrite, or choose another --out");
    const auto foreign = if_exists == IfExists::overwrite ? clear(path, names) : std::vector<std::string>{};
    io::make_folders(path + "/checkpoints");
    if (!detail::is_run_folder(path)) io::write_file(path + "/config.json", "{\"akin\": \"" AKIN_VERSION "\"}\n");
    return foreign;
  }

  AKIN_LAZY static std::vector<std::string> clear(const std::string& path, const std::vector<std::string>& names) {
    const auto own = std::find_if(names.begin(), names.end(), detail::is_run_file);
    check(own == names.end() || detail::is_run_folder(path), "run folder", "'", path, "' holds '",
          own == names.end() ? "" : *own, "', but no config.json of akin: not overwritten; choose another --out");
    std::vector<std::string> foreign = detail::remove_own_files(path, detail::is_run_file);
    std::erase(foreign, "checkpoints");
    // A link to a folder elsewhere is not followed: what lies there may belong to someone else.
    if (own != names.end() && io::kind_of(path + "/checkpoints") == io::PathKind::folder)
      for (const auto& name : detail::remove_own_files(path + "/checkpoints", detail::is_checkpoint_file))
        foreign.push_back("checkpoints/" + name);
    return foreign;
  }

  std::string path_;
  std::vector<std::string> foreign_;
  io::AppendFile log_;
  MetricsLog metrics_;
};

}  // namespace akin::inline AKIN_ABI::train
