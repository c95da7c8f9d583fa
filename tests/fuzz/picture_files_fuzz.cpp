// The lists of an image folder. Each line of the input makes a file, a folder ("name/") or a link ("name>where it leads,
// below the root"). What is found lies below the root, once, in order, with a class.
#include <akin/data/picture_files.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fuzz.hpp"

using namespace akin;

namespace {

namespace fs = std::filesystem;

/// A folder in memory, where the system has one; gone with the program.
class Root {
 public:
  Root() : path_(fs::exists("/dev/shm") ? "/dev/shm/akin-fuzz-XXXXXX" : "/tmp/akin-fuzz-XXXXXX") {
    fuzz::require(::mkdtemp(path_.data()) != nullptr, "the system makes temporary folders");
  }
  ~Root() { clear(), fs::remove(path_); }
  void clear() const {
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove_all(entry.path());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The line as a path below the root: no "..", nothing absolute. Empty when nothing is left of it.
std::string harmless(std::string_view line) {
  std::string path;
  for (const auto& piece : fs::path(std::string(line.substr(0, line.find('\0')))).relative_path())
    if (piece != ".." && piece != "." && !piece.empty() && piece.string().size() < 64) path += "/" + piece.string();
  return path.substr(path.empty() ? 0 : 1);
}

void make(const std::string& root, std::string_view line) {
  const std::size_t arrow = line.find('>');
  const std::string name = harmless(line.substr(0, arrow));
  if (name.empty()) return;
  std::error_code ignored;  // what the line before has made may be in the way
  const fs::path path = root + "/" + name;
  fs::create_directories(line.back() == '/' ? path : path.parent_path(), ignored);
  if (arrow != line.npos)
    fs::create_symlink(root + "/" + harmless(line.substr(arrow + 1)), path, ignored);
  else if (line.back() != '/')
    std::ofstream(path) << 'x';
}

void check_found(const data::PictureFiles& found, const std::string& root) {
  fuzz::require(!found.files.empty(), "something was found");
  const auto classes = static_cast<std::int64_t>(found.class_names.size());
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    const auto& file = found.files[i];
    fuzz::require(fs::is_symlink(root + "/" + file.path()) || fs::exists(root + "/" + file.path()), "a picture exists");
    fuzz::require(data::detail::kind_of_name(file.name) != data::detail::NameKind::other, "its name is a picture's");
    fuzz::require(classes == 0 ? file.label == -1 : 0 <= file.label && file.label < classes, "it has a class");
    if (i == 0) continue;
    const auto& before = found.files[i - 1];
    fuzz::require(std::tie(before.label, before.folder, before.name) < std::tie(file.label, file.folder, file.name),
                  "pictures are in order, and each is there once");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Root root;
  auto text = fuzz::text_of(data, size);
  for (int lines = 0; !text.empty() && lines < 16; ++lines) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty()) make(root.path(), line);
  }
  if (const auto found = fuzz::value_or_error([&] { return data::find_pictures(root.path()); }))
    check_found(*found, root.path());
  if (const auto split = fuzz::value_or_error([&] { return data::split_folders(root.path()); }))
    fuzz::require(
        split->train.starts_with(root.path()) && (split->test.empty() || split->test.starts_with(root.path())),
        "both parts lie below the root");
  root.clear();
  return 0;
}
