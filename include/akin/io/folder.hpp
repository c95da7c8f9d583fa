// Folders: made with their parents, listed, and told apart from links to folders.
#pragma once
#include <dirent.h>

#include <algorithm>

#include "file.hpp"

namespace akin::inline AKIN_ABI::io {

/// What a path is, not following a link in its last part.
enum class PathKind { missing, file, folder, link, other };

AKIN_LAZY PathKind kind_of(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return PathKind::missing;
  if (S_ISREG(facts.st_mode)) return PathKind::file;
  if (S_ISDIR(facts.st_mode)) return PathKind::folder;
  return S_ISLNK(facts.st_mode) ? PathKind::link : PathKind::other;
}

/// Gives a file another name in the same file system, replacing what has it. Errors: both paths and the system's reason.
AKIN_LAZY void rename_file(const std::string& from, const std::string& to) {
  check(::rename(from.c_str(), to.c_str()) == 0, "rename", "cannot rename '", from, "' to '", to,
        "': ", errno_text(errno));
}

/// Makes the folder and its missing parents; one that exists is fine. Errors: the path and the system's reason.
AKIN_LAZY void make_folders(const std::string& path) {
  check(!path.empty(), "make_folders", "the path is empty");
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const int code = ::mkdir(part.c_str(), 0777) == 0 ? 0 : errno;
    struct stat facts {};
    const bool there = code == 0 || (::stat(part.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode));
    check(there, "make_folders", "cannot create '", part, "': ", errno_text(code == EEXIST ? ENOTDIR : code));
    if (end == path.npos) return;
  }
}

/// The names in a folder, sorted. Errors: it cannot be read.
AKIN_LAZY std::vector<std::string> list_folder(const std::string& path) {
  DIR* const folder = ::opendir(path.c_str());
  check(folder != nullptr, "list_folder", "cannot read '", path, "': ", errno_text(errno));
  const struct Closer {
    DIR* folder;
    ~Closer() { ::closedir(folder); }
  } closer{folder};
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder))
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace akin::inline AKIN_ABI::io
