#include <akin/core/owned.hpp>

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace akin {
namespace {

struct Base {
  virtual ~Base() = default;
};

struct Counted final : Base {
  explicit Counted(int& alive, int value = 0) : alive(alive), value(value) { ++alive; }
  ~Counted() override { --alive; }
  int& alive;
  int value;
};

TEST(Owned, IsEmptyUntilItIsGivenAnObject) {
  int alive = 0;
  Owned<Counted> object;
  EXPECT_FALSE(object);
  object = make_owned<Counted>(alive, 7);
  EXPECT_TRUE(object);
  EXPECT_EQ(object->value, 7);
  EXPECT_EQ(&*object, object.get());
}

TEST(Owned, DeletesItsObjectOnce) {
  int alive = 0;
  {
    Owned<Counted> object = make_owned<Counted>(alive);
    object = make_owned<Counted>(alive);
    EXPECT_EQ(alive, 1) << "the object of before";
    object.reset();
    EXPECT_EQ(alive, 0);
    object.reset();
    object = make_owned<Counted>(alive);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Owned, MovesItsObjectAndStaysBehindEmpty) {
  int alive = 0;
  Owned<Counted> from = make_owned<Counted>(alive), to = std::move(from);
  EXPECT_FALSE(from);
  EXPECT_TRUE(to);
  Owned<Counted>& same = to;
  to = std::move(same);
  EXPECT_EQ(alive, 1) << "after a move to itself";
  std::vector<Owned<Base>> bases;
  bases.push_back(std::move(to));
  bases.resize(33);
  EXPECT_EQ(alive, 1);
  bases.clear();
  EXPECT_EQ(alive, 0) << "deleted as its base";
  static_assert(!std::is_copy_constructible_v<Owned<Counted>> && !std::is_copy_assignable_v<Owned<Counted>>);
  static_assert(std::is_nothrow_move_constructible_v<Owned<Counted>>);
}

}  // namespace
}  // namespace akin
