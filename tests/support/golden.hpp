// Reference values of losses, computed in double by an independent program from the formulas alone: the value and its
// gradient with respect to the first view (central differences), on inputs that three lines can reproduce.
#pragma once
#include <akin/autograd/tensor.hpp>
#include <akin/io/file.hpp>
#include <akin/io/json_parser.hpp>

#include "test.hpp"

namespace akin::golden {

/// x <- (1103515245 x + 12345) mod 2^31, from x = seed; value = scale (2 x / 2^31 - 1), row by row.
inline Array uniform(const Shape& shape, std::uint64_t seed, double scale) {
  Array a = Array::empty(shape, DType::f64);
  std::uint64_t x = seed;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    x = (1103515245 * x + 12345) % 2147483648;
    a.mut<double>()[i] = scale * (2 * static_cast<double>(x) / 2147483648 - 1);
  }
  return a;
}

/// The two views of all references: 6 embeddings of size 3, z2 = z1 + noise.
inline Array z1() { return uniform({6, 3}, 1, 1); }
inline Array z2() { return ops::add(z1(), uniform({6, 3}, 2, 0.5)); }

struct Reference {
  double loss;
  Array gradient;  // with respect to z1
};

inline Reference load(const std::string& name) {
  const io::Json all = io::parse_json(io::read_file("tests/reference/golden.json", 1 << 20));
  const io::Json& entry = all.at(name);
  Reference reference{entry.at("loss").number(), Array::empty({6, 3}, DType::f64)};
  std::int64_t i = 0;
  for (const auto& row : entry.at("grad_z1").list())
    for (const auto& value : row.list()) reference.gradient.mut<double>()[i++] = value.number();
  return reference;
}

/// Value to 1e-10, gradient to 1e-7.
template <class Loss>
void expect_golden(const std::string& name, Loss loss) {
  const Reference want = load(name);
  const Tensor a(z1(), true), b(z2());
  const Tensor value = loss(a, b);
  value.backward();
  expect_close(value.item(), want.loss, tol::golden, name);
  expect_close(ops::contiguous(a.grad()), want.gradient, tol::golden_gradient, name);
}

}  // namespace akin::golden
