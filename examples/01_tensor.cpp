// Arrays: values with a shape and a type. Everything else in akin computes with them.
//
//   g++ -std=c++20 -Iinclude examples/01_tensor.cpp -o tensor && ./tensor
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

void print(const char* what, const Array& a) {
  std::printf("%-28s %s %s", what, cat(a.dtype()).c_str(), cat(a.shape()).c_str());
  const Array values = ops::contiguous(ops::cast(a, DType::f64));
  for (std::int64_t i = 0; i < a.size(); ++i) std::printf(" %g", values.data<double>()[i]);
  std::printf("\n");
}

}  // namespace

int main() try {
  const Array a = Array::from<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  print("a", a);

  // A view shows the same memory in another shape, without a copy.
  print("a transposed", a.transpose());
  print("a, second row", a.slice(0, 1, 2));
  print("a as [3, 2]", a.reshape({3, -1}));

  // Smaller shapes are repeated along missing axes and axes of size 1.
  const Array row = Array::from<float>({3}, {10, 20, 30}), column = Array::from<float>({2, 1}, {100, 200});
  print("a + row", ops::add(a, row));
  print("row + column", ops::add(row, column));

  // Products and reductions over one axis. Transposed views are read where they lie.
  print("a times its transpose", ops::matmul(a, a.transpose()));
  print("sum over the rows", ops::sum(a, 0));
  print("mean of each row", ops::mean(a, 1));

  // Types: f32 and f64 to compute, bf16 to store, i64, i32 and u8 for labels and pixels.
  print("a / 3 in bf16", ops::cast(ops::scale(a, 1.0 / 3), DType::bf16));

  // Images are [count, height, width, channels], filters [out, height, width, in].
  const Array image = Array::ones({1, 4, 4, 1}), box = Array::full({1, 3, 3, 1}, 1.0 / 9);
  print("a box filter", ops::conv2d(image, box, {.padding = 1}));

  // What does not fit is refused, with the op, the rule, and both shapes.
  try {
    ops::matmul(a, a);
  } catch (const Error& error) {
    std::printf("refused: %s\n", error.what());
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
