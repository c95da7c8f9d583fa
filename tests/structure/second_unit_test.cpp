// The other half of first_unit_test.cpp.
#include <akin/akin.hpp>

namespace akin {

Array made_in_second_unit(double value) { return Array::full({}, value); }
const void* memory_pool_of_second_unit() { return &detail::MemoryPool::instance(); }
const void* thread_pool_of_second_unit() { return &detail::ThreadPool::instance(); }

}  // namespace akin
