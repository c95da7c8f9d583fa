#include <akin/data/table.hpp>
#include <set>

#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(DataTable, OpensByName) {
  const auto d =
      open("synthetic", {.split = Split::test, .synthetic = {.size = 16, .channels = 1, .count = 5, .seed = 3}});
  EXPECT_EQ(d->name(), "synthetic");
  EXPECT_EQ(d->size(), 5);
  EXPECT_EQ(d->height(), 16);
  const auto same = synthetic({.size = 16, .channels = 1, .count = 5, .seed = 3, .split = Split::test});
  expect_close(take(*d, {4}).images, take(*same, {4}).images, tol::exact);
}

TEST(DataTable, PassesTheFolderOn) {
  expect_error([] { open("fashion-mnist", {.folder = "/nowhere"}); }, "in /nowhere; install it with: ");
}

TEST(DataTable, RefusesAFolderThatNothingWouldBeReadFrom) {
  expect_error([] { open("synthetic", {.folder = "pictures"}); },
               "synthetic: pictures are rendered, not read; leave the folder 'pictures' out");
}

TEST(DataTable, GuessesWhatWasMeant) {
  expect_error([] { open("FashionMNIST"); },
               "data: unknown data set 'FashionMNIST'; " + test::guess("fashion-mnist", table()));
}

TEST(DataTable, NamesEachDataSetOnceAndDescribesIt) {
  std::set<std::string_view> names;
  for (const auto& row : table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.what.empty()) << row.name;
  }
}

}  // namespace
}  // namespace akin::data
