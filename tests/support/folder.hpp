// A temporary folder that disappears with its test.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace akin::test {

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "akin-test-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) ADD_FAILURE() << "cannot create " << path_;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  /// The names in the folder (or in one below it), sorted, with spaces between.
  std::string names(const std::string& below = "") const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_ + "/" + below))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    std::string joined;
    for (const auto& name : found) joined += (joined.empty() ? "" : " ") + name;
    return joined;
  }

 private:
  std::string path_;
};

}  // namespace akin::test
