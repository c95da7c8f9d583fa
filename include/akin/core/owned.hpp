// Owned: a std::unique_ptr that is quick to compile.
#pragma once
#include <concepts>
#include <utility>

#include "macros.hpp"

namespace akin::inline AKIN_ABI {

/// Owns one object on the heap, or none. With its tuple and traits a std::unique_ptr of one more type takes GCC 5 ms to
/// read, in every program that includes akin.hpp, and so does a std::optional; this takes next to nothing.
template <class T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(T* object) : object_(object) {}
  template <std::derived_from<T> Derived>
  Owned(Owned<Derived>&& other) noexcept : object_(other.release()) {
    static_assert(__has_virtual_destructor(T));
  }
  Owned(Owned&& other) noexcept : object_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    Owned(std::move(other)).swap(*this);
    return *this;
  }
  ~Owned() {
    static_assert(sizeof(T) > 0, "the type is only declared here");
    delete object_;
  }

  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  T* get() const { return object_; }

  T* release() { return std::exchange(object_, nullptr); }
  void reset() { *this = Owned(); }
  void swap(Owned& other) noexcept { std::swap(object_, other.object_); }

 private:
  T* object_ = nullptr;
};

/// T(arguments...) on the heap.
template <class T, class... Arguments>
Owned<T> make_owned(Arguments&&... arguments) {
  return Owned<T>(new T(std::forward<Arguments>(arguments)...));
}

}  // namespace akin::inline AKIN_ABI
