// CIFAR and STL-10: files of records, of labels, and of names. Six bytes say how the records are laid out; the rest is
// the file. What opens can be read to the end, and labels are classes.
#include <akin/data/stl10.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

using data::detail::RecordLayout;

void open_records(const RecordLayout& layout, const std::string& file, std::int64_t records, std::string_view bytes) {
  const auto opened = fuzz::value_or_error(
      [&] { return std::make_shared<data::detail::PlanarRecords<void>>(layout, std::vector{file}, records); });
  if (!opened) return;
  const data::Dataset& set = **opened;
  fuzz::require(set.size() == records && records * layout.record_bytes() == static_cast<std::int64_t>(bytes.size()),
                "the records fill the file");
  std::string pixels(static_cast<std::size_t>(set.image_bytes()), '\0');
  for (std::int64_t i = 0; i < set.size(); ++i) {
    set.read(i, reinterpret_cast<std::uint8_t*>(pixels.data()));
    const auto plane = static_cast<std::size_t>(i * layout.record_bytes() + layout.label_bytes);
    fuzz::require(pixels[0] == bytes[plane] && pixels.back() == bytes[plane + pixels.size() - 1],
                  "an image begins and ends with the corners of its planes");
    const bool is_class = 0 <= set.label(i) && set.label(i) < static_cast<std::int64_t>(layout.class_names.size());
    fuzz::require(layout.label_bytes == 0 ? set.label(i) == -1 : is_class, "labels are classes");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  const auto bytes = fuzz::text_of(data, size).substr(6);
  const fuzz::MemoryFile saved(bytes);
  const std::string path = saved.path();
  RecordLayout layout{.name = "fuzz", .folder = io::folder_of(path), .install = "", .class_names = {"a", "b", "c"}};
  layout.side = 1 + data[0] % 4;
  layout.label_bytes = data[1] % 3;
  layout.label_at = layout.label_bytes == 2 ? data[2] % 2 : 0;
  layout.by_columns = data[3] % 2 != 0;
  const std::string file = path.substr(layout.folder.size() + 1);
  open_records(layout, file, 1 + data[4] % 8, bytes);

  const std::int64_t images = data[5] % 8;
  if (const auto labels = fuzz::value_or_error([&] { return data::detail::stl10_labels(layout, file, images); }))
    for (const auto label : *labels) fuzz::require(0 <= label && label < 3, "labels are classes");
  if (const auto names = fuzz::value_or_error([&] { return data::detail::names_from(path, layout.class_names); })) {
    fuzz::require(names->size() == layout.class_names.size(), "there are as many names as classes");
    for (const auto& name : *names) fuzz::require(!name.empty(), "no name is empty");
  }
  return 0;
}
