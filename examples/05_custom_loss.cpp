// Losses of your own: composed of functions that know their gradients, or with a gradient that you write.
//
//   g++ -std=c++20 -O2 -Iinclude examples/05_custom_loss.cpp -o custom_loss && ./custom_loss
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

/// Barlow Twins, arXiv:2103.03230, Eq. 1: the cross-correlation of both views' embeddings should be the identity.
/// za, zb [N, D]; lambda weighs the redundancy between dimensions. Nothing to differentiate by hand.
Tensor barlow_twins(const Tensor& za, const Tensor& zb, double lambda = 5e-3) {
  check_same_shape("barlow_twins", za, zb);
  const auto standardised = [](const Tensor& z) { return (z - mean(z, 0, true)) / sqrt(variance(z, 0, true) + 1e-12); };
  const double n = static_cast<double>(za.dim(0));
  const Tensor c = matmul(standardised(za), standardised(zb), {.transpose_a = true}) / n;  // [D, D]
  const Tensor identity(Array::eye(za.dim(1), za.dtype()));
  const Tensor on_diagonal = sum(square((c - 1.0) * identity));
  return on_diagonal + lambda * sum(square(c * (1.0 - identity)));
}

// A formula and its derivative, as named functors: templates, so that f32 and f64 both work, and marked for CUDA.
struct Huber {
  double delta;
  template <class T>
  AKIN_HD T operator()(T e) const {
    const T d = static_cast<T>(delta), a = e < 0 ? -e : e;
    return a <= d ? e * e / 2 : d * (a - d / 2);
  }
};
struct HuberVjp {
  double delta;
  template <class T>
  AKIN_HD T operator()(T e, T dy) const {
    const T d = static_cast<T>(delta);
    return dy * (e > d ? d : e < -d ? -d : e);
  }
};

/// Huber 1964: quadratic for small errors, linear for large ones. Means over all elements; delta > 0 in units of y.
/// record() states the value, wrt() the gradient beside it. The recipe captures an Array, never a Tensor.
Tensor huber(const Tensor& y, const Tensor& target, double delta = 1) {
  check_same_shape("huber", y, target);
  check(delta > 0, "huber", "delta must be > 0, got ", delta);
  const Tensor error = y - target;
  return mean(record(
      "huber", ops::map("huber", Huber{delta}, error.value()),
      wrt(error, [e = error.value(), delta](const Array& dy) { return ops::map("huber", HuberVjp{delta}, e, dy); })));
}

Tensor noise(const Shape& shape, std::uint64_t seed) {
  Array a = Array::empty(shape, DType::f64);
  double* values = a.mut<double>();
  Draws draws(seed, {});
  for (std::int64_t i = 0; i < a.size(); ++i) values[i] = 2 * draws.normal();
  return Tensor(a);
}

}  // namespace

int main() try {
  const auto loss = [](const Tensor& a, const Tensor& b) { return barlow_twins(a, b); };
  const Tensor z = noise({64, 8}, 1), other = noise({64, 8}, 2);
  std::printf("barlow_twins of equal views %.3f, of unrelated ones %.3f (8 dimensions: about 8)\n",
              barlow_twins(z, z).item(), barlow_twins(z, other).item());
  std::printf("barlow_twins  %s\n", gradcheck(loss, {noise({7, 3}, 3), noise({7, 3}, 4)}).summary().c_str());
  const auto robust = [](const Tensor& y, const Tensor& target) { return huber(y, target, 1.5); };
  std::printf("huber         %s\n", gradcheck(robust, {noise({33}, 5), noise({33}, 6)}).summary().c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
