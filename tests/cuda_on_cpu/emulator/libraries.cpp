// Numbers and memory for the fakes of NVIDIA's libraries.
#include "libraries.hpp"

#include <cmath>
#include <cstring>

#include "emulator.hpp"
#include "memory.hpp"

namespace emulator {

Libraries libraries;

std::int64_t size_of(Element type) { return type == Element::f64 ? 8 : type == Element::f32 ? 4 : 2; }

double load(Element type, const void* p, std::int64_t index) {
  if (type == Element::f64) return static_cast<const double*>(p)[index];
  if (type == Element::f32) return static_cast<const float*>(p)[index];
  return from_bits<float>(std::uint64_t{static_cast<const std::uint16_t*>(p)[index]} << 16);
}

namespace {

/// The nearest float whose lowest `bits` bits are zero, of two the even one.
float rounded(float value, int bits) {
  if (!std::isfinite(value)) return value;
  auto pattern = static_cast<std::uint32_t>(to_bits(value));
  const std::uint32_t half = 1u << (bits - 1), odd = pattern >> bits & 1;
  pattern = (pattern + half - 1 + odd) >> bits << bits;
  return from_bits<float>(pattern);
}

}  // namespace

void store(Element type, void* p, std::int64_t index, double value) {
  if (type == Element::f64) {
    static_cast<double*>(p)[index] = value;
  } else if (type == Element::f32) {
    static_cast<float*>(p)[index] = static_cast<float>(value);
  } else {
    const float narrow = static_cast<float>(value);
    const auto pattern = static_cast<std::uint32_t>(to_bits(rounded(narrow, 16)));
    static_cast<std::uint16_t*>(p)[index] = static_cast<std::uint16_t>(std::isnan(narrow) ? 0x7fff : pattern >> 16);
  }
}

double to_tf32(double value) { return rounded(static_cast<float>(value), 13); }

void need_on_device(const char* call, const char* operand, const void* p, std::int64_t count, Element type) {
  if (!is_allocated(p, static_cast<std::size_t>(count * size_of(type))))
    fail(std::string(call) + ": " + operand + " is not in a live block of the device");
}

void spoil_workspace(const char* call, void* p, std::size_t bytes) {
  if (bytes == 0) return;
  need_on_device(call, "the workspace", p, static_cast<std::int64_t>(bytes / 2), Element::bf16);
  std::memset(p, 0xff, bytes);
}

cudaError_t enqueue_call(const char* call, cudaStream_t stream, std::function<void()> work) {
  return enqueue({call, dim3(1), dim3(1)}, stream, std::move(work));
}

}  // namespace emulator
