// ImageFolder: a folder of pictures of any size and format as a data set of squares.
//
// Pictures are decoded once, into a file that is memory-mapped from then on (see picture_cache.hpp); each time, names,
// sizes and times of all pictures are compared. The file lies in <folder>/.akin-cache or, where that cannot be written,
// in ${XDG_CACHE_HOME:-$HOME/.cache}/akin; it may be removed at any time.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../io/image.hpp"
#include "../io/json.hpp"
#include "center_square.hpp"
#include "dataset.hpp"
#include "picture_cache.hpp"
#include "picture_files.hpp"

namespace akin::inline AKIN_ABI::data {

struct ImageFolderOptions {
  std::int64_t size = 64;     ///< side in pixels, 1 ... 1024: the central square of each picture is resized to it
  std::int64_t channels = 3;  ///< 3 colour, 1 grey
  double max_unread = 0.01;   ///< share of pictures that may be unreadable and are then left out; 0 is strict
  std::string cache = {};     ///< folder for the decoded pictures; empty: see above
  Split split = Split::train;
};

/// A picture that was left out.
struct SkippedPicture {
  std::string path, reason;
};

namespace detail {

template <class Lazy>
struct OpenedFolder {
  DatasetFacts facts;
  PictureFiles pictures;
  PictureCache cache;
  std::string cache_path;
  bool decoded = false;
};

template <class Lazy>
class AKIN_ABI_TAG ImageFolder final : public Dataset {
 public:
  explicit ImageFolder(OpenedFolder<Lazy> opened) : Dataset(std::move(opened.facts)), opened_(std::move(opened)) {
    std::size_t next = 0;
    const auto& unread = opened_.cache.unread;
    for (std::uint32_t i = 0; i < opened_.pictures.files.size(); ++i)
      if (next < unread.size() && unread[next].position == i)
        skipped_.push_back({opened_.pictures.files[i].path(), unread[next++].reason});
      else
        positions_.push_back(i);
  }

  /// Below the folder that was opened (or its train/, test/ or val/).
  std::string path(std::int64_t index) const { return file_of(index).path(); }
  /// What could not be read, in order.
  const std::vector<SkippedPicture>& skipped() const { return skipped_; }
  /// Whether pictures were decoded now; false when all came from the cache.
  bool decoded() const { return opened_.decoded; }
  const std::string& cache_path() const { return opened_.cache_path; }

 private:
  const PictureFile& file_of(std::int64_t index) const {
    return opened_.pictures.files[positions_[static_cast<std::size_t>(index)]];
  }
  void read_image(std::int64_t index, std::uint8_t* pixels) const override {
    const std::int64_t position = positions_[static_cast<std::size_t>(index)];
    std::memcpy(pixels, opened_.cache.pixels() + position * image_bytes(), static_cast<std::size_t>(image_bytes()));
  }
  std::int64_t read_label(std::int64_t index) const override { return file_of(index).label; }

  OpenedFolder<Lazy> opened_;
  std::vector<std::uint32_t> positions_;  // of the pictures that could be read
  std::vector<SkippedPicture> skipped_;
};

AKIN_LAZY CacheKey cache_key(const std::vector<PictureFile>& files, const ImageFolderOptions& options) {
  std::string list;
  for (const auto& file : files) {
    list.append(file.path()) += '\0';
    append_bytes(list, file.bytes);
    append_bytes(list, file.changed);
  }
  return {io::crc32c(list), static_cast<std::int64_t>(files.size()), options.size, options.channels};
}

/// Where the cache may lie, the best place first.
AKIN_LAZY std::vector<std::string> cache_places(const std::string& root, const std::string& part,
                                                const ImageFolderOptions& options) {
  const std::string size = cat(options.size, "x", options.size, "x", options.channels, ".pictures");
  char* const real = ::realpath(root.c_str(), nullptr);
  const std::string place =
      cat(io::crc_text(io::crc32c(real ? real : root)), "-", part, "-", size);  // folders share these
  std::free(real);
  if (!options.cache.empty()) return {options.cache + "/" + place};
  std::vector<std::string> places = {root + "/.akin-cache/" + part + "-" + size};
  const char *const xdg = std::getenv("XDG_CACHE_HOME"), *const home = std::getenv("HOME");
  if (xdg && *xdg)
    places.push_back(cat(xdg, "/akin/", place));
  else if (home && *home)
    places.push_back(cat(home, "/.cache/akin/", place));
  return places;
}

/// The first place where a file can be made. Errors: there is none.
AKIN_LAZY std::string writable_place(const std::vector<std::string>& places) {
  std::string refusals;
  for (const auto& place : places) try {
      io::make_folders(io::folder_of(place));
      io::check_writable(place);
      return place;
    } catch (const Error& error) {
      refusals += cat("; ", error.what());
    }
  throw Error(cat("image_folder: found no place for the decoded pictures", refusals,
                  "; give a folder that can be written as cache"));
}

AKIN_LAZY ReadOutcome read_picture(const std::string& root, const PictureFile& file, const ImageFolderOptions& options,
                                   std::uint8_t* pixels) {
  if (kind_of_name(file.name) == NameKind::unsupported) return {"of a kind that is not supported; convert it to PNG"};
  if (file.bytes > io::max_image_file) return {cat("larger than the limit of ", io::max_image_file, " bytes")};
  std::string bytes;
  try {
    bytes = io::read_file(root + "/" + file.path(), io::max_image_file);
  } catch (const Error& error) {
    return {error.what(), true};
  }
  try {
    center_square(io::decode_image(bytes, {.channels = options.channels}), options.size, pixels);
  } catch (const Error& error) {
    return {error.what()};
  }
  return {};
}

template <class Lazy>
void check_unread(const OpenedFolder<Lazy>& opened, const std::string& root, const ImageFolderOptions& options) {
  const auto& unread = opened.cache.unread;
  const auto all = static_cast<double>(opened.pictures.files.size()), bad = static_cast<double>(unread.size());
  if (bad <= options.max_unread * all && bad < all) return;
  std::string first;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, unread.size()); ++i)
    first += cat("; ", io::detail::quoted(opened.pictures.files[unread[i].position].path()), ": ", unread[i].reason);
  throw Error(cat("image_folder: ", unread.size(), " of the ", opened.pictures.files.size(), " pictures in '", root,
                  "' cannot be read, more than ", 100 * options.max_unread, " %", first,
                  unread.size() > 3 ? "; ..." : "", "; repair, convert or remove them"));
}

/// One message for all pictures, before any of them is refused.
AKIN_LAZY void check_decoders(const std::vector<PictureFile>& files) {
  if (io::reads_compressed_images) return;
  for (const auto& file : files) {
    check(kind_of_name(file.name) == NameKind::plain_picture, "image_folder", io::detail::quoted(file.path()),
          ": this program was compiled without stb_image and reads .ppm and .pgm alone; compile it with "
          "-DAKIN_WITH_STB -I/usr/include/stb (apt-get install libstb-dev)");
  }
}

/// Opens the cache, or decodes all pictures into a new one.
template <class Lazy>
void open_pixels(OpenedFolder<Lazy>& opened, const std::string& root, const std::vector<std::string>& places,
                 const ImageFolderOptions& options) {
  const auto& files = opened.pictures.files;
  const CacheKey key = cache_key(files, options);
  for (const auto& place : places) {
    opened.cache_path = place;
    if (open_cache(place, key, opened.cache)) return;
  }
  check_decoders(files);
  opened.cache_path = writable_place(places);
  io::remove_temporaries_of(opened.cache_path);
  opened.decoded = true;
  const CacheKey written = write_cache(opened.cache_path, key, [&](std::int64_t i, std::uint8_t* pixels) {
    return read_picture(root, files[static_cast<std::size_t>(i)], options, pixels);
  });
  check(open_cache(opened.cache_path, written, opened.cache), "image_folder", "'", opened.cache_path,
        "' changed while it was written");
}

}  // namespace detail

using ImageFolder = detail::ImageFolder<void>;

/// Opens the pictures in a folder: see find_pictures for classes, split_folders for train/ and test/. Without these two,
/// all pictures are training images. Errors: those of find_pictures; no test images; other classes than the training
/// images have; more than max_unread cannot be read (the first are named); no place for the cache.
template <class Lazy = void>
std::shared_ptr<const detail::ImageFolder<Lazy>> image_folder(std::string folder,
                                                              const ImageFolderOptions& options = {}) {
  check(1 <= options.size && options.size <= 1024, "image_folder", "size must lie in 1 ... 1024 pixels, got ",
        options.size);
  check(options.channels == 1 || options.channels == 3, "image_folder",
        "expected 1 (grey) or 3 (colour) channels, got ", options.channels);
  check(options.max_unread >= 0 && options.max_unread <= 1, "image_folder", "max_unread must lie in [0, 1], got ",
        options.max_unread);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const SplitFolders split = split_folders(folder);
  const bool test = options.split == Split::test;
  check(!test || !split.test.empty(), "image_folder", "'", folder,
        "' has no folders train/ and test/ (or val/), so it ",
        "has no test images; hold out some of the training images instead");
  const std::string& root = test ? split.test : split.train;

  detail::OpenedFolder<Lazy> opened;
  opened.pictures = find_pictures(root);
  const std::vector<std::string>& classes = opened.pictures.class_names;
  if (test) {
    const std::vector<std::string> trained = detail::list_pictures(split.train, "").folders;
    check(classes == trained, "image_folder", "'", split.test, "' has ", classes.size(), " classes, '", split.train,
          "' ", trained.size(), ", and they must have the same names");
  }
  const std::string part = split.test.empty() ? "all" : test ? "test" : "train";
  detail::open_pixels(opened, root, detail::cache_places(folder, part, options), options);
  detail::check_unread(opened, root, options);
  const auto size = static_cast<std::int64_t>(opened.pictures.files.size() - opened.cache.unread.size());
  opened.facts = {folder, size, options.size, options.size, options.channels, classes};
  return std::make_shared<detail::ImageFolder<Lazy>>(std::move(opened));
}

}  // namespace akin::inline AKIN_ABI::data
