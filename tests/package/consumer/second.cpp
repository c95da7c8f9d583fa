#include <akin/akin.hpp>

#include "bmp.hpp"

akin::Array counting() { return akin::Array::from<float>({2, 2}, {1, 2, 3, 4}); }
int threads_of_the_other() { return akin::threads(); }
#if CONSUMER_WANTS_STB
int red_of_a_bmp_in_the_other() { return red_of_a_bmp(); }
#endif
