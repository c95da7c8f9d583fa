#include <akin/akin.hpp>

#include <cstdio>

int main() {
  const auto x = akin::Array::from<float>({2, 2}, {1, 2, 3, 4});
  std::printf("akin %s: element (1, 0) is %g\n", AKIN_VERSION, x.slice(0, 1, 2).slice(1, 0, 1).item());
  return x.transpose().slice(0, 0, 1).slice(1, 1, 2).item() == 3 ? 0 : 1;
}
