// The first of two translation units that include everything: they share types, functions and state.
#include <akin/akin.hpp>
#include <cstdio>

#include "bmp.hpp"

akin::Array counting();           // second.cpp
int threads_of_the_other();       // second.cpp
int red_of_a_bmp_in_the_other();  // second.cpp

#if defined(CONSUMER_WANTS_ZLIB) && CONSUMER_WANTS_ZLIB != defined(AKIN_WITH_ZLIB)
#error "the package does not say whether it was configured with zlib"
#endif
#if defined(CONSUMER_WANTS_STB) && CONSUMER_WANTS_STB != defined(AKIN_WITH_STB)
#error "the package does not say whether it was configured with stb"
#endif

#if defined(__CUDACC__) != defined(AKIN_WITH_CUDA)
#error "akin::cuda goes with nvcc, and akin::akin with a C++ compiler"
#endif

int failures = 0;
void expect(bool holds, const char* what) {
  if (!holds) std::printf("false: %s\n", what), ++failures;
}

template <class F>
bool fails_because(const char* why, F&& f) {
  try {
    f();
  } catch (const akin::Error& error) {
    return std::string_view(error.what()).find(why) != std::string_view::npos;
  }
  return false;
}

int main() {
  const akin::Array x = counting();
  expect(x.transpose().slice(0, 0, 1).slice(1, 1, 2).item() == 3,
         "an array made by the other unit is read by this one");
  akin::set_threads(2);
  expect(threads_of_the_other() == 2, "both units use one thread pool");

#if defined(AKIN_WITH_ZLIB)
  const char* const why = "cannot open";
#else
  const char* const why = "compiled without zlib";
#endif
  expect(fails_because(why, [] { akin::data::read_idx("no-such-file.gz"); }), ".gz files fail for the right reason");

#if CONSUMER_WANTS_STB
  expect(red_of_a_bmp() == 3 && red_of_a_bmp_in_the_other() == 3, "both units decode a picture");
#endif
  if (akin::has_cuda) {
    const auto cuda = akin::cuda_facts();
    expect(!cuda.libraries.empty() && cuda.problem.empty() != cuda.devices.empty(), "CUDA is linked and can be asked");
  }
  std::printf("akin %s\n", AKIN_VERSION);
  return failures;
}
