// Runs a kernel on both backends, and in double, and compares.
//
//   Twins twins;
//   const auto x = twins.input(rows * cols), y = twins.output(rows * cols);
//   twins.compare<float>([&](auto queue, auto at) { kernels::softmax(queue, rows, cols, at(x), at(y)); });
//
// The body runs three times: with Cpu and double, the reference; with Cpu and T; with Cuda and T, on copies in device
// memory. at() turns a handle into the pointer that the backend wants. Outputs start as NaN or -1, so that an element
// which is never written is seen; a guard behind each output must stay as it was.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "include/akin/core/bf16.hpp"
#include "kernels/cuda/launch.hpp"

namespace akin_test {

using namespace akin;

/// What differences to the reference are allowed: mean squared, relative to the mean square of the reference, and of
/// one element, relative to the largest.
struct TwinTolerance {
  double nmse, largest;
};
template <class T>
inline constexpr TwinTolerance twin_tolerance{1e-11, 2e-5};
template <>
inline constexpr TwinTolerance twin_tolerance<double>{1e-24, 1e-11};
template <>
inline constexpr TwinTolerance twin_tolerance<bf16>{4e-5, 1.6e-2};

/// Device memory of the test.
template <class T>
class OnDevice {
 public:
  explicit OnDevice(const std::vector<T>& values) : size_(values.size()) {
    check_cuda("test", cudaMalloc(&data_, bytes()));
    if (size_) check_cuda("test", cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice));
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice() { cudaFree(data_); }

  T* data() const { return static_cast<T*>(data_); }
  std::vector<T> host() const {
    std::vector<T> values(size_);
    if (size_) check_cuda("test", cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  std::size_t bytes() const { return size_ * sizeof(T); }
  void* data_ = nullptr;
  std::size_t size_;
};

class Twins {
 public:
  explicit Twins(unsigned seed = 1) : generator_(seed) {}

  struct Real {  ///< an operand of the tested type
    std::size_t index;
  };
  struct Wide {  ///< an operand of the type in which T is computed: a statistic, a weight
    std::size_t index;
  };
  struct Double {  ///< an operand that is double for every T
    std::size_t index;
  };
  template <class I>
  struct Whole {  ///< an operand of an integer type
    std::size_t index;
  };

  /// Numbers that every tested type holds exactly, in [-4, 4).
  std::vector<double> numbers(std::int64_t count) {
    std::vector<double> values(static_cast<std::size_t>(count));
    std::uniform_int_distribution<int> draw(-128, 127);
    for (double& value : values) value = draw(generator_) / 32.0;
    return values;
  }
  Real input(std::int64_t count) { return input(numbers(count)); }
  Real input(std::vector<double> values) { return {add(std::move(values), false)}; }
  Real output(std::int64_t count) { return {add(unwritten(count), true)}; }
  /// Read and written.
  Real in_out(std::int64_t count) { return in_out(numbers(count)); }
  Real in_out(std::vector<double> values) { return {add(std::move(values), true)}; }
  Wide wide_input(std::int64_t count) { return {add(numbers(count), false)}; }
  Wide wide_input(std::vector<double> values) { return {add(std::move(values), false)}; }
  Wide wide_output(std::int64_t count) { return {add(unwritten(count), true)}; }
  Double double_input(std::vector<double> values) { return {add(std::move(values), false)}; }
  Double double_output(std::int64_t count) { return {add(unwritten(count), true)}; }

  template <class I>
  Whole<I> whole_input(std::vector<I> values) {
    integers_.push_back({{values.begin(), values.end()}, false});
    return {integers_.size() - 1};
  }
  template <class I>
  Whole<I> whole_in_out(std::vector<I> values) {
    integers_.push_back({{values.begin(), values.end()}, true});
    return {integers_.size() - 1};
  }
  template <class I>
  Whole<I> whole_output(std::int64_t count) {
    integers_.push_back({std::vector<std::int64_t>(static_cast<std::size_t>(count), -1), true});
    return {integers_.size() - 1};
  }

  /// Errors of Cuda beside the double reference must be within the tolerance, or no larger than twice those of Cpu;
  /// integers must be equal to those of Cpu in T.
  template <class T, class Body>
  void compare(Body body, TwinTolerance tolerance = twin_tolerance<T>) {
    const auto exact = run<double>(kernels::Cpu{}, body), cpu = run<T>(kernels::Cpu{}, body),
               cuda = run<T>(kernels::Cuda{}, body);
    for (std::size_t i = 0; i < reals_.size(); ++i) {
      EXPECT_EQ(cuda.guards[i], guard) << "operand " << i << ": written behind its end";
      if (reals_[i].is_output) compare_reals(i, exact.reals[i], cpu.reals[i], cuda.reals[i], tolerance);
    }
    for (std::size_t i = 0; i < integers_.size(); ++i) {
      EXPECT_EQ(cuda.integers[i].back(), guard) << "integer operand " << i << ": written behind its end";
      if (!integers_[i].is_output) continue;
      EXPECT_EQ(cuda.integers[i], cpu.integers[i]) << "integer operand " << i;
    }
  }

 private:
  static constexpr int guard = 96;  // exact in every type

  template <class V>
  struct Operand {
    std::vector<V> values;
    bool is_output;
  };
  struct Results {
    std::vector<std::vector<double>> reals;
    std::vector<double> guards;
    std::vector<std::vector<std::int64_t>> integers;
  };

  static std::vector<double> unwritten(std::int64_t count) {
    return std::vector<double>(static_cast<std::size_t>(count), std::numeric_limits<double>::quiet_NaN());
  }
  static std::vector<double> with_guard(std::vector<double> values) {
    values.push_back(guard);
    return values;
  }
  std::size_t add(std::vector<double> values, bool is_output) {
    reals_.push_back({std::move(values), is_output});
    return reals_.size() - 1;
  }

  /// Host memory, and for Cuda a device copy, of one operand.
  template <class T>
  struct Place {
    std::vector<T> host;
    std::unique_ptr<OnDevice<T>> device{};
    T* data() { return device ? device->data() : host.data(); }
  };
  template <class T>
  static Place<T> place(std::vector<T> values, bool on_device) {
    Place<T> place{std::move(values)};
    if (on_device) place.device = std::make_unique<OnDevice<T>>(place.host);
    return place;
  }

  template <class T, class Queue, class Body>
  Results run(Queue queue, Body body) {
    using C = compute_t<T>;
    constexpr bool on_device = std::is_same_v<Queue, kernels::Cuda>;
    std::vector<Place<T>> narrow;
    std::vector<Place<C>> wide;
    std::vector<Place<double>> doubled;
    for (const auto& operand : reals_) {
      std::vector<T> values;
      std::vector<C> wide_values;
      for (const double v : operand.values)
        values.push_back(static_cast<T>(static_cast<C>(v))), wide_values.push_back(static_cast<C>(v));
      values.push_back(static_cast<T>(static_cast<C>(guard)));
      wide_values.push_back(static_cast<C>(guard));
      narrow.push_back(place(std::move(values), on_device));
      wide.push_back(place(std::move(wide_values), on_device));
      doubled.push_back(place(with_guard(operand.values), on_device));
    }
    Integers<std::int64_t> i64 = integers<std::int64_t>(on_device);
    Integers<std::int32_t> i32 = integers<std::int32_t>(on_device);
    Integers<std::uint8_t> u8 = integers<std::uint8_t>(on_device);
    std::vector<char> width(reals_.size(), 0), kind(integers_.size(), 0);
    At<T> at{narrow, wide, doubled, i64, i32, u8, width, kind};
    body(queue, at);
    if (on_device) check_cuda("test", cudaDeviceSynchronize());

    Results results;
    for (std::size_t i = 0; i < reals_.size(); ++i) {
      results.reals.push_back(width[i] == 2   ? doubles(doubled[i])
                              : width[i] == 1 ? doubles(wide[i])
                                              : doubles(narrow[i]));
      results.guards.push_back(results.reals.back().back());
      results.reals.back().pop_back();
    }
    for (std::size_t i = 0; i < integers_.size(); ++i)
      results.integers.push_back(kind[i] == 4   ? values_of(i32[i])
                                 : kind[i] == 1 ? values_of(u8[i])
                                                : values_of(i64[i]));
    return results;
  }

  template <class I>
  using Integers = std::vector<Place<I>>;

  template <class T>
  struct At {
    std::vector<Place<T>>& narrow;
    std::vector<Place<compute_t<T>>>& wide;
    std::vector<Place<double>>& doubled;
    Integers<std::int64_t>& i64;
    Integers<std::int32_t>& i32;
    Integers<std::uint8_t>& u8;
    std::vector<char>&width, &kind;

    T* operator()(Real r) const { return narrow[r.index].data(); }
    compute_t<T>* operator()(Wide w) const {
      width[w.index] = 1;
      return wide[w.index].data();
    }
    double* operator()(Double d) const {
      width[d.index] = 2;
      return doubled[d.index].data();
    }
    std::int64_t* operator()(Whole<std::int64_t> w) const { return i64[w.index].data(); }
    std::int32_t* operator()(Whole<std::int32_t> w) const { return kind[w.index] = 4, i32[w.index].data(); }
    std::uint8_t* operator()(Whole<std::uint8_t> w) const { return kind[w.index] = 1, u8[w.index].data(); }
  };

  template <class I>
  Integers<I> integers(bool on_device) const {
    Integers<I> places;
    for (const auto& operand : integers_) {
      std::vector<I> values(operand.values.begin(), operand.values.end());
      values.push_back(guard);
      places.push_back(place(std::move(values), on_device));
    }
    return places;
  }
  template <class T>
  static std::vector<double> doubles(const Place<T>& place) {
    std::vector<double> values;
    for (const T v : place.device ? place.device->host() : place.host)
      values.push_back(static_cast<double>(static_cast<compute_t<T>>(v)));
    return values;
  }
  template <class I>
  static std::vector<std::int64_t> values_of(const Place<I>& place) {
    const std::vector<I> values = place.device ? place.device->host() : place.host;
    return {values.begin(), values.end()};
  }

  struct Errors {
    double nmse, largest;
  };
  static Errors errors(std::size_t operand, const std::vector<double>& exact, const std::vector<double>& got) {
    double square = 0, error = 0, largest = 0, worst = 0;
    for (std::size_t k = 0; k < exact.size(); ++k) {
      if (std::isnan(exact[k]) || std::isinf(exact[k])) {
        EXPECT_TRUE(std::isnan(exact[k]) ? std::isnan(got[k]) : exact[k] == got[k])
            << "operand " << operand << '[' << k << "]: " << got[k] << ", reference " << exact[k];
        continue;
      }
      const double difference = got[k] - exact[k];
      if (std::isnan(difference)) return {difference, difference};
      square += exact[k] * exact[k], error += difference * difference;
      largest = std::max(largest, std::abs(exact[k])), worst = std::max(worst, std::abs(difference));
    }
    return {square > 0 ? error / square : error, largest > 0 ? worst / largest : worst};
  }
  static void compare_reals(std::size_t operand, const std::vector<double>& exact, const std::vector<double>& cpu,
                            const std::vector<double>& cuda, TwinTolerance tolerance) {
    const Errors own = errors(operand, exact, cuda), twin = errors(operand, exact, cpu);
    EXPECT_LE(own.nmse, std::max(tolerance.nmse, 4 * twin.nmse))
        << "operand " << operand << ", NMSE; Cpu " << twin.nmse;
    EXPECT_LE(own.largest, std::max(tolerance.largest, 2 * twin.largest))
        << "operand " << operand << ", largest error; Cpu " << twin.largest;
  }

  std::mt19937 generator_;
  std::vector<Operand<double>> reals_;
  std::vector<Operand<std::int64_t>> integers_;
};

/// Sizes at which every kernel is tested: one, below and above a warp, above a block, above a few.
inline const std::int64_t twin_sizes[] = {1, 7, 33, 257, 1000};

}  // namespace akin_test
