// Folders: made with their parents, listed, and told apart from links to folders.
#pragma once
#include <dirent.h>
#include <signal.h>
#include <sys/file.h>

#include <algorithm>
#include <cstdlib>

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

/// "a.json" for "a.json.tmp-12-0", which write_file leaves when it is killed; other names as they are.
AKIN_LAZY std::string_view without_temporary(std::string_view name) {
  const auto mark = name.rfind(".tmp-");
  if (mark == name.npos) return name;
  const std::string_view numbers = name.substr(mark + 5);
  const auto dash = numbers.find('-');
  const bool ours = dash != numbers.npos && dash > 0 && dash + 1 < numbers.size() &&
                    numbers.find_first_not_of("0123456789-") == numbers.npos &&
                    numbers.find('-', dash + 1) == numbers.npos;
  return ours ? name.substr(0, mark) : name;
}

/// Gives a file another name in the same file system, replacing what has it. Errors: both paths and the system's
/// reason.
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

/// Removes what killed programs left when they were writing this file. Those that still run keep theirs.
AKIN_LAZY void remove_temporaries_of(const std::string& path) {
  const std::string folder = folder_of(path);
  for (const std::string& name : list_folder(folder)) {
    if (without_temporary(name).size() == name.size() || !path.ends_with(without_temporary(name))) continue;
    const long process = std::strtol(name.c_str() + without_temporary(name).size() + 5, nullptr, 10);
    const bool gone = ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
    if (gone) FileCalls().remove((folder + "/" + name).c_str());
  }
}

/// While alive, no other FolderLock of the same folder can be made, in this process or another. It ends with the
/// process. Errors: there is one already; the folder cannot be opened.
class FolderLock {
 public:
  AKIN_LAZY explicit FolderLock(const std::string& path) : fd_(FileCalls().open_folder(path.c_str())) {
    check(fd_ >= 0, "lock", "cannot open '", path, "': ", errno_text(errno));
    const bool taken = ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;  // some file systems have no locks
    if (!taken) return;
    ::close(fd_);
    throw Error(cat("lock: another process is writing into '", path, "'; wait for it, or choose another folder"));
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int fd_;
};

}  // namespace akin::inline AKIN_ABI::io
