#include <akin/data/cifar.hpp>
#include <filesystem>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// Value (channel, y, x) of the pictures below.
int cifar_value(int image, int channel, int y, int x) { return (image * 31 + channel * 7 + y * 5 + x * 3) % 256; }

/// `n` records, each with these label bytes in front.
std::string records(int n, const std::vector<std::string>& labels) {
  std::string bytes;
  for (int i = 0; i < n; ++i) {
    bytes += labels[static_cast<std::size_t>(i) % labels.size()];
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x) bytes += static_cast<char>(cifar_value(i, c, y, x));
  }
  return bytes;
}

void expect_image(const Dataset& dataset, std::int64_t index, int image) {
  std::vector<std::uint8_t> pixels(3072);
  dataset.read(index, pixels.data());
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(pixels[static_cast<std::size_t>((y * 32 + x) * 3 + c)], cifar_value(image, c, y, x));
}

struct SmallCifar : test::Folder {
  SmallCifar() {
    for (int i = 1; i <= 5; ++i) io::write_file(*this / cat("data_batch_", i, ".bin"), records(2, {"\x03", "\x09"}));
    io::write_file(*this / "test_batch.bin", records(2, {std::string(1, '\0'), "\x01"}));
    io::write_file(*this / "train.bin", records(3, {"\x13\x63", std::string("\0\x05", 2)}));
    io::write_file(*this / "test.bin", records(2, {"\x01\x02"}));
  }
};

TEST(Cifar10, ReadsItsFiles) {
  const SmallCifar folder;
  const auto train = detail::cifar10(folder.path(), Split::train, 2),
             test = detail::cifar10(folder.path(), Split::test, 2);
  EXPECT_EQ(train->size(), 10);
  EXPECT_EQ(train->height(), 32);
  EXPECT_EQ(train->channels(), 3);
  EXPECT_EQ(train->name(), "cifar-10");
  for (std::int64_t i = 0; i < 10; ++i) {
    expect_image(*train, i, static_cast<int>(i % 2));
    EXPECT_EQ(train->label(i), i % 2 ? 9 : 3);
  }
  EXPECT_EQ(test->size(), 2);
  EXPECT_EQ(test->label(1), 1);
  EXPECT_EQ(train->class_names()[9], "truck");
}

TEST(Cifar100, ReadsBothLevelsOfLabels) {
  const SmallCifar folder;
  const auto fine = detail::cifar100(folder.path(), Split::train, Cifar100Labels::fine, 3);
  const auto coarse = detail::cifar100(folder.path(), Split::train, Cifar100Labels::coarse, 3);
  expect_image(*fine, 2, 2);
  EXPECT_EQ(fine->label(0), 99);
  EXPECT_EQ(fine->label(1), 5);
  EXPECT_EQ(coarse->label(0), 19);
  EXPECT_EQ(coarse->label(1), 0);
  EXPECT_EQ(fine->class_names().size(), 100u);
  EXPECT_EQ(fine->class_names()[99], "worm");
  EXPECT_EQ(coarse->class_names()[19], "vehicles_2");
  EXPECT_EQ(detail::cifar100(folder.path(), Split::test, Cifar100Labels::fine, 2)->label(0), 2);
}

TEST(Cifar, TakesTheNamesFromTheFolder) {
  const SmallCifar folder;
  io::write_file(folder / "batches.meta.txt", "a\nb\nc\nd\r\ne\nf\ng\nh\ni\nj\n\n");
  EXPECT_EQ(detail::cifar10(folder.path(), Split::test, 2)->class_names()[3], "d");
  io::write_file(folder / "batches.meta.txt", "a\nb\n");
  expect_error([&] { detail::cifar10(folder.path(), Split::test, 2); }, "expected 10 names, one a line, found 2");
}

TEST(Cifar, PublishedNamesAreSortedAndDistinct) {  // as in the published files
  for (const auto& names : {detail::cifar10_names(), detail::cifar100_fine_names(), detail::cifar100_coarse_names()}) {
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  }
  EXPECT_EQ(detail::cifar100_fine_names().size(), 100u);
  EXPECT_EQ(detail::cifar100_coarse_names().size(), 20u);
}

TEST(Cifar, SaysWhatToDownload) {
  const SmallCifar folder;
  std::filesystem::remove(folder / "data_batch_4.bin");
  expect_error([&] { detail::cifar10(folder.path(), Split::train, 2); },
               "cifar-10: there is no data_batch_4.bin in '" + folder.path() + "'; get it with: mkdir -p data && curl");
  expect_error([] { cifar100("/nowhere"); }, "cifar-100: there is no train.bin in '/nowhere'; get it with: ");
  expect_error([] { cifar100("/nowhere"); }, "cifar-100-binary.tar.gz");
}

TEST(Cifar, RefusesFilesOfAnotherSizeOrWithOtherLabels) {
  const SmallCifar folder;
  const std::string whole = io::read_file(folder / "test.bin");
  for (const std::size_t size : {whole.size() - 1, whole.size() - 3074, std::size_t{0}}) {
    io::write_file(folder / "test.bin", whole.substr(0, size));
    expect_error([&] { detail::cifar100(folder.path(), Split::test, Cifar100Labels::fine, 2); },
                 cat("expected 2 records of 3074 bytes, 6148 bytes in all, found ", size));
  }
  expect_error([&] { cifar10(folder.path()); },
               "expected 10000 records of 3073 bytes, 30730000 bytes in all, found 6146");
  io::write_file(folder / "test.bin", records(2, {"\x01\x02", "\x14\x64"}));
  expect_error([&] { detail::cifar100(folder.path(), Split::test, Cifar100Labels::fine, 2); },
               "label of record 1 (byte 3075): expected 0 ... 99, found 100");
  expect_error([&] { detail::cifar100(folder.path(), Split::test, Cifar100Labels::coarse, 2); },
               "label of record 1 (byte 3074): expected 0 ... 19, found 20");
}

}  // namespace
}  // namespace akin::data
