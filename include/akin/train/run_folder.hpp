// The folder of one run: what was asked for, what was measured, what was said, and the checkpoints.
//
//   DIR/config.json  DIR/metrics.csv  DIR/metrics.jsonl  DIR/log.txt  DIR/result.json
//   DIR/checkpoints/last.safetensors  DIR/checkpoints/previous.safetensors  DIR/checkpoints/encoder.safetensors
#pragma once
#include <algorithm>
#include <ctime>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "../core/build.hpp"
#include "../io/folder.hpp"
#include "../io/json_parser.hpp"
#include "../version.hpp"
#include "metrics_log.hpp"
#include "terminal.hpp"

namespace akin::inline AKIN_ABI::train {

/// What to do with a folder that holds something already.
enum class IfExists {
  refuse,     ///< an Error
  overwrite,  ///< remove the files of an earlier run, and nothing else
  resume      ///< keep everything and append; files that a killed run did not finish are removed
};

/// What every config.json says about the program that made the run.
struct RunFacts {
  std::uint64_t seed = 0;
  int threads = 1;
  std::string device = "cpu";
};

namespace detail {

// What a run writes: the only names that overwriting removes. config.json marks the folder as ours, and comes last.
inline constexpr std::string_view run_files[] = {"checkpoints/last.safetensors",
                                                 "checkpoints/previous.safetensors",
                                                 "checkpoints/damaged.safetensors",
                                                 "checkpoints/encoder.safetensors",
                                                 "metrics.csv",
                                                 "metrics.jsonl",
                                                 "log.txt",
                                                 "result.json",
                                                 "config.json"};

/// Position in run_files; their number for any other name.
AKIN_LAZY std::size_t run_file_rank(std::string_view name) {
  return static_cast<std::size_t>(std::find(std::begin(run_files), std::end(run_files), io::without_temporary(name)) -
                                  run_files);
}
AKIN_LAZY bool is_run_file(std::string_view name) { return run_file_rank(name) < std::size(run_files); }

/// The names in a run folder and in its checkpoints, "checkpoints" itself left out.
AKIN_LAZY std::vector<std::string> names_in_run(const std::string& path) {
  std::vector<std::string> names = io::list_folder(path);
  if (std::erase(names, "checkpoints") > 0)
    for (const auto& name : io::list_folder(path + "/checkpoints")) names.push_back("checkpoints/" + name);
  return names;
}

/// Names such as config.json are common: only a config.json that says "akin" makes a folder ours to clear.
AKIN_LAZY bool is_run_folder(const std::string& path) {
  try {
    return io::parse_json(io::read_file(path + "/config.json", 1 << 24)).find("akin") != nullptr;
  } catch (const Error&) {
    return false;
  }
}

/// Removes the files of an earlier run (of links: the links) and returns the names of all others. Nothing is removed if
/// something is in the way. config.json stays until all else is gone: whatever stops this, it can be done again.
template <class Calls = io::FileCalls>
std::vector<std::string> clear_run(const std::string& path, Calls&& calls = {}) {
  std::vector<std::string> names = names_in_run(path), own;
  for (const auto& name : names)
    if (is_run_file(name)) own.push_back(name);
  std::erase_if(names, [](const auto& name) { return is_run_file(name); });
  check(own.empty() || is_run_folder(path), "run folder", "'", path, "' holds '", own.empty() ? "" : own[0],
        "', but no config.json of akin: not overwritten; choose another folder");
  for (const auto& name : own) {
    const io::PathKind kind = io::kind_of(path + "/" + name);
    check(kind == io::PathKind::file || kind == io::PathKind::link, "run folder", "'", path, "/", name,
          "' is not a file; move it away, or choose another folder");
  }
  std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) {  // a temporary file before its own
    return std::pair(run_file_rank(a), b.size()) < std::pair(run_file_rank(b), a.size());
  });
  for (const auto& name : own)
    check(calls.remove((path + "/" + name).c_str()) == 0, "run folder", "cannot remove '", path, "/", name,
          "': ", io::errno_text(errno));
  return names;
}

/// Removes the temporary files of a run that was killed while it wrote.
AKIN_LAZY void remove_temporaries(const std::string& path) {
  for (const auto& name : names_in_run(path))
    if (is_run_file(name) && io::without_temporary(name).size() < name.size())
      io::FileCalls().remove((path + "/" + name).c_str());
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

/// What config.json holds.
AKIN_LAZY io::Json run_config(const io::Json& options, const RunFacts& facts) {
  return io::Json::Object{{"akin", AKIN_VERSION},
                          {"compiler", compiler_name()},
                          {"backend", AKIN_QUOTE(AKIN_BACKEND)},
                          {"instruction_set", AKIN_QUOTE(AKIN_ISA)},
                          {"device", facts.device},
                          {"seed", facts.seed},
                          {"threads", facts.threads},
                          {"options", options}};
}

/// Creates (with parents), refuses, clears or continues the folder. With overwrite, only the files listed above are
/// removed; all others stay as they are, and foreign_files() and the log name them.
/// Errors: another process, or another RunFolder, writes this run; the folder is not empty and nothing said what to do;
/// checkpoints is a link; whatever the system refuses.
class RunFolder {
 public:
  AKIN_LAZY explicit RunFolder(std::string path, IfExists if_exists = IfExists::refuse)
      : path_(std::move(path)),
        lock_(locked(path_)),
        foreign_(prepare(path_, if_exists)),
        log_(path_ + "/log.txt"),
        metrics_(path_) {
    for (const auto& name : foreign_) log("kept '" + name + "', which is not a file of an earlier run");
  }

  const std::string& path() const { return path_; }
  AKIN_LAZY std::string path(std::string_view name) const { return cat(path_, '/', name); }
  AKIN_LAZY std::string checkpoint(std::string_view name) const {
    return cat(path_, "/checkpoints/", name, ".safetensors");
  }
  const std::vector<std::string>& foreign_files() const { return foreign_; }

  /// config.json: the options, fully resolved, and what else decides the result.
  AKIN_LAZY void write_config(const io::Json& options, const RunFacts& facts) {
    write("config.json", run_config(options, facts));
  }
  AKIN_LAZY void write_result(const io::Json& result) { write("result.json", result); }

  /// A line of log.txt, with the time in UTC, or several, of which the others are indented.
  AKIN_LAZY void log(std::string_view text) { log_.append(detail::utc_time() + "  " + printable_lines(text) + "\n"); }

  /// Calls f. What it throws is in the log before it goes on: nobody may be watching the terminal.
  template <class F>
  void watch(F&& f) {
    try {
      f();
    } catch (const std::exception& error) {
      try {
        log(cat("error: ", error.what()));
      } catch (const Error&) {  // the disk may be full: that is no reason to lose what happened
      }
      throw;
    }
  }

  MetricsLog& metrics() { return metrics_; }

 private:
  AKIN_LAZY void write(std::string_view name, const io::Json& value) {
    io::write_file(path(name), io::to_json(value, 2) + "\n");
  }

  AKIN_LAZY static io::FolderLock locked(const std::string& path) {
    io::make_folders(path);
    return io::FolderLock(path);
  }
  AKIN_LAZY static std::vector<std::string> prepare(const std::string& path, IfExists if_exists) {
    check(io::list_folder(path).empty() || if_exists != IfExists::refuse, "run folder", "'", path,
          "' is not empty; pass IfExists::overwrite to replace that run, or choose another folder");
    const io::PathKind kind = io::kind_of(path + "/checkpoints");
    check(kind == io::PathKind::missing || kind == io::PathKind::folder, "run folder", "'", path,
          "/checkpoints' is a link or a file: what it stands for is not ours to write; remove it, or choose another "
          "folder");
    const auto foreign = if_exists == IfExists::overwrite ? detail::clear_run(path) : std::vector<std::string>{};
    if (if_exists == IfExists::resume) detail::remove_temporaries(path);
    io::make_folders(path + "/checkpoints");
    if (!detail::is_run_folder(path)) io::write_file(path + "/config.json", "{\"akin\": \"" AKIN_VERSION "\"}\n");
    return foreign;
  }

  std::string path_;
  io::FolderLock lock_;
  std::vector<std::string> foreign_;
  io::AppendFile log_;
  MetricsLog metrics_;
};

}  // namespace akin::inline AKIN_ABI::train
