// Two translation units of one program include the whole library: every definition must be inline or a template, and
// both units must see the same state.
#include <gtest/gtest.h>

#include <akin/akin.hpp>

namespace akin {

Array made_in_second_unit(double value);  // second_unit_test.cpp
const void* memory_pool_of_second_unit();
const void* thread_pool_of_second_unit();

TEST(TwoUnits, ExchangeArrays) { EXPECT_EQ(made_in_second_unit(2.5).item(), 2.5); }

TEST(TwoUnits, ShareOneMemoryPoolAndOneThreadPool) {
  EXPECT_EQ(memory_pool_of_second_unit(), &detail::MemoryPool::instance());
  EXPECT_EQ(thread_pool_of_second_unit(), &detail::ThreadPool::instance());
}

}  // namespace akin
