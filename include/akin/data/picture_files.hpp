// The pictures in a folder, in a fixed order, with their classes: what ImageFolder reads.
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../io/folder.hpp"
#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data {

struct PictureFile {
  std::string folder, name;  ///< folder: below the root, "" for the root itself
  std::uint64_t bytes = 0;   ///< 0 also for what cannot be looked at: a link to nothing, say
  std::int64_t changed = 0;  ///< nanoseconds since 1970, modulo 2^64
  std::int64_t label = -1;

  std::string path() const { return folder.empty() ? name : folder + "/" + name; }
};

struct PictureFiles {
  std::vector<PictureFile> files;
  std::vector<std::string> class_names;  ///< empty when the pictures lie in the root itself
};

/// The two parts of a folder that holds nothing but train/ and test/ (or val/; of all three, val/ is left alone).
struct SplitFolders {
  std::string train, test;  ///< test is empty when there is no such division, and train the folder itself
};

namespace detail {

enum class NameKind : unsigned char { other, picture, plain_picture, unsupported };

/// By the ending of the name, in any case of letters. Plain pictures need no stb_image; `unsupported` are pictures that
/// akin cannot read.
AKIN_LAZY NameKind kind_of_name(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == name.npos) return NameKind::other;
  std::string ending;
  for (const char c : name.substr(dot + 1)) ending += 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto* known : {"jpg", "jpeg", "png", "bmp"})
    if (ending == known) return NameKind::picture;
  for (const auto* known : {"ppm", "pgm", "pnm"})
    if (ending == known) return NameKind::plain_picture;
  for (const auto* known : {"tif", "tiff", "webp", "gif", "heic", "heif", "avif", "jp2", "jxl"})
    if (ending == known) return NameKind::unsupported;
  return NameKind::other;
}

/// Folders and pictures in one folder, sorted; names that begin with a dot are left out. Links are followed.
struct Listing {
  std::vector<std::string> folders;
  std::vector<PictureFile> pictures;
};

AKIN_LAZY Listing list_pictures(const std::string& root, const std::string& folder) {
  const std::string path = folder.empty() ? root : root + "/" + folder;
  Listing listing;
  for (std::string& name : io::list_folder(path)) {
    if (name[0] == '.') continue;
    struct stat facts {};
    const bool known = ::stat((path + "/" + name).c_str(), &facts) == 0;
    if (known && S_ISDIR(facts.st_mode)) {
      listing.folders.push_back(std::move(name));
    } else if (kind_of_name(name) != NameKind::other) {
      PictureFile file{folder, std::move(name)};
      if (known) file.bytes = static_cast<std::uint64_t>(facts.st_size);
      if (known)
        file.changed = static_cast<std::int64_t>(static_cast<std::uint64_t>(facts.st_mtim.tv_sec) * 1000000000 +
                                                 static_cast<std::uint64_t>(facts.st_mtim.tv_nsec));
      listing.pictures.push_back(std::move(file));
    }
  }
  return listing;
}

/// Device and number of a folder: the same for every path that leads to it.
AKIN_LAZY std::string identity_of(const std::string& folder) {
  struct stat facts {};
  check(::stat(folder.c_str(), &facts) == 0, "image_folder", "cannot look at '", folder, "': ", io::errno_text(errno));
  return cat(facts.st_dev, " ", facts.st_ino);
}

/// Appends all pictures in and below a folder. No folder is entered twice, so links that lead back end nowhere.
template <class Files>  // a std::vector<PictureFile>: its sorting is compiled only where it is called
void add_pictures_below(const std::string& root, const std::string& top, std::int64_t label, Files& files) {
  std::vector<std::string> entered = {identity_of(root)};
  const auto first = static_cast<std::ptrdiff_t>(files.size());
  std::vector<std::string> open = {top};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::string folder = open[i], identity = identity_of(root + "/" + folder);
    if (std::find(entered.begin(), entered.end(), identity) != entered.end()) continue;
    entered.push_back(identity);
    Listing listing = list_pictures(root, folder);
    for (auto& picture : listing.pictures) files.push_back(std::move(picture)), files.back().label = label;
    for (const auto& name : listing.folders) open.push_back(folder + "/" + name);
  }
  std::sort(files.begin() + first, files.end(),
            [](const auto& a, const auto& b) { return a.folder != b.folder ? a.folder < b.folder : a.name < b.name; });
}

}  // namespace detail

/// Each folder in `root` is a class, however deep its pictures lie; classes and pictures are sorted byte by byte, as
/// torchvision's ImageFolder sorts them. Without folders, the pictures in `root` are unlabelled.
/// Errors: no pictures; a class without any; pictures beside the folders of the classes; a folder cannot be read.
AKIN_LAZY PictureFiles find_pictures(const std::string& root) {
  detail::Listing listing = detail::list_pictures(root, "");
  if (listing.folders.empty()) {
    check(!listing.pictures.empty(), "image_folder", "there are no pictures in '", root,
          "' (.jpg .jpeg .png .bmp .ppm .pgm .pnm)");
    return {std::move(listing.pictures), {}};
  }
  check(listing.pictures.empty(), "image_folder", "'", root, "' holds folders, which are classes, and beside them ",
        listing.pictures.size(), " pictures, such as '", listing.pictures.empty() ? "" : listing.pictures[0].name,
        "'; move these into a folder");
  PictureFiles found{{}, std::move(listing.folders)};
  for (std::size_t i = 0; i < found.class_names.size(); ++i) {
    const std::size_t before = found.files.size();
    detail::add_pictures_below(root, found.class_names[i], static_cast<std::int64_t>(i), found.files);
    check(found.files.size() > before, "image_folder", "the class '", found.class_names[i], "' in '", root,
          "' has no pictures (.jpg .jpeg .png .bmp .ppm .pgm .pnm); remove its folder or fill it");
  }
  return found;
}

/// Errors: the folder cannot be read.
AKIN_LAZY SplitFolders split_folders(const std::string& root) {
  const detail::Listing listing = detail::list_pictures(root, "");
  const std::vector<std::string>& names = listing.folders;
  using Names = std::vector<std::string>;
  if (!listing.pictures.empty()) return {root, ""};
  if (names == Names{"test", "train"} || names == Names{"test", "train", "val"})
    return {root + "/train", root + "/test"};
  if (names == Names{"train", "val"}) return {root + "/train", root + "/val"};
  return {root, ""};
}

}  // namespace akin::inline AKIN_ABI::data
