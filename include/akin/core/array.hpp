// Array: values on one device. No gradient: kernels, optimizers and data sets see only this.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "device.hpp"
#include "dtype.hpp"
#include "memory.hpp"
#include "shape.hpp"

namespace akin::inline AKIN_ABI {

/// Shape + strides + dtype + shared memory. Copying shares the memory; views (reshape, slice, ...) share it too.
///
/// An Array is used as a value: ops never write into their inputs. The few places that do change values in place
/// (optimizers, EMA, running statistics) do it through mut(). Handles copied earlier, such as those captured by a
/// backward recipe, then refuse to be read: using a parameter that changed between forward and backward is an Error,
/// not a silently wrong gradient.
class AKIN_ABI_TAG Array {
 public:
  Array() = default;  ///< no value at all; defined() is false

  /// Uninitialised values. Errors: a negative or unaddressable size.
  AKIN_LAZY static Array empty(const Shape& shape, DType dtype = DType::f32, Device device = default_device) {
    check_sizes("array", shape, size_of(dtype));
    Array a;
    a.shape_ = shape;
    a.strides_ = contiguous_strides(shape);
    a.dtype_ = dtype;
    a.storage_ = std::make_shared<Storage>(static_cast<std::size_t>(shape.numel() * size_of(dtype)), device);
    return a;
  }
  AKIN_LAZY static Array zeros(const Shape& shape, DType dtype = DType::f32, Device device = default_device) {
    Array a = empty(shape, dtype, device);
    const auto bytes = static_cast<std::size_t>(a.size() * size_of(dtype));
#if AKIN_CUDA
    if (device == Device::cuda) {
      if (bytes > 0) check_cuda("zeros", cudaMemsetAsync(a.storage_->data(), 0, bytes, compute_stream()));
      return a;
    }
#endif
    std::memset(a.storage_->data(), 0, bytes);
    return a;
  }
  AKIN_LAZY static Array full(const Shape& shape, double value, DType dtype = DType::f32,
                              Device device = default_device) {
    Array a = empty(shape, dtype);
    on_any(dtype,
           [&]<class T>() { std::fill_n(a.mut<T>(), a.size(), static_cast<T>(static_cast<compute_t<T>>(value))); });
    return a.to(device);
  }
  AKIN_LAZY static Array ones(const Shape& shape, DType dtype = DType::f32, Device device = default_device) {
    return full(shape, 1, dtype, device);
  }
  /// The identity matrix [n, n].
  AKIN_LAZY static Array eye(std::int64_t n, DType dtype = DType::f32) {
    Array a = zeros({n, n}, dtype);
    on_any(dtype, [&]<class T>() {
      for (std::int64_t i = 0; i < n; ++i) a.mut<T>()[i * n + i] = static_cast<T>(static_cast<compute_t<T>>(1));
    });
    return a;
  }
  /// Copies host values: Array::from<float>({2, 2}, {1, 2, 3, 4}).
  template <class T>
  static Array from(const Shape& shape, const std::vector<T>& values) {
    check(shape.numel() == static_cast<std::int64_t>(values.size()), "array", "shape ", shape, " needs ", shape.numel(),
          " values, got ", values.size());
    Array a = empty(shape, dtype_of<T>);
    std::copy(values.begin(), values.end(), a.mut<T>());
    return a;
  }

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }  ///< in elements; 0 along broadcast axes
  int rank() const { return shape_.rank(); }
  AKIN_LAZY std::int64_t dim(int axis) const { return shape_[normalize_axis("dim", axis, shape_)]; }
  std::int64_t size() const { return shape_.numel(); }
  DType dtype() const { return dtype_; }
  Device device() const { return storage_ ? storage_->device() : Device::cpu; }

  bool is_contiguous() const {
    std::int64_t expected = 1;
    for (int i = rank() - 1; i >= 0; --i) {
      if (shape_[i] != 1 && strides_[i] != expected) return false;
      expected *= shape_[i];
    }
    return true;
  }
  /// True when no other handle, view or recipe shares the memory: it may be reused in place.
  bool is_unique() const { return storage_.use_count() == 1; }

  /// True if both are handles of one block of memory, though perhaps of different parts of it.
  bool shares_memory(const Array& other) const { return storage_ && storage_ == other.storage_; }

  /// First element. Errors: T is not the dtype; the values were changed in place after this handle was taken.
  template <class T>
  const T* data() const {
    check_readable(dtype_of<T>);
    return static_cast<const T*>(storage_->data()) + offset_;
  }
  /// The first element, for writing. Every other handle to this memory refuses to be read from now on; so take one
  /// pointer and keep it, and take slices of a result after it is written. Errors: as for data().
  template <class T>
  T* mut() {
    check_readable(dtype_of<T>);
    if (!is_unique()) version_ = ++storage_->version;
    return static_cast<T*>(storage_->data()) + offset_;
  }

  /// The same values on a device: this handle itself if they are there, else a copy. To the host, waits for the device.
  /// Errors: not contiguous.
  AKIN_LAZY Array to(Device device) const {
    if (!defined() || device == this->device()) return *this;
    check(is_contiguous(), "to", "needs contiguous values, got strides ", strides_, "; call contiguous() first");
    Array copy = empty(shape_, dtype_, device);
#if AKIN_CUDA
    on_any(dtype_, [&]<class T>() {
      detail::copy_cuda(copy.mut<T>(), data<T>(), static_cast<std::size_t>(size()) * sizeof(T),
                        device == Device::cuda ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost);
    });
#endif
    return copy;
  }

  /// The one element of a one-element array, as double. Synchronises with the device.
  AKIN_LAZY double item() const {
    check(size() == 1, "item", "expected one element, got shape ", shape_);
    if (device() != Device::cpu) return to(Device::cpu).item();
    return on_any(dtype_, [&]<class T>() { return static_cast<double>(static_cast<compute_t<T>>(*data<T>())); });
  }

  /// Gives a one-element array this value. Nobody waits. Errors: not floating point.
  AKIN_LAZY void set_item(double value) {
    check(size() == 1, "set_item", "expected one element, got shape ", shape_);
    on_float(dtype_, "set_item", [&]<class T>() {
      const T one = static_cast<T>(static_cast<compute_t<T>>(value));
      T* const to = mut<T>();
#if AKIN_CUDA
      if (device() == Device::cuda) return detail::copy_cuda(to, &one, sizeof one, cudaMemcpyHostToDevice);
#endif
      *to = one;
    });
  }

  // ---- views -------------------------------------------------------------------------------------------------------

  /// The same values in another shape; one size may be -1. Errors: different count, or not contiguous.
  AKIN_LAZY Array reshape(Shape shape) const {
    const Shape asked = shape;
    int inferred = -1;
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] != -1) continue;
      check(inferred < 0, "reshape", "at most one size may be -1 in ", asked);
      shape[inferred = i] = 1;
    }
    check_sizes("reshape", shape, size_of(dtype_));
    if (inferred >= 0) {
      const std::int64_t known = shape.numel();
      check(known > 0, "reshape", "cannot infer the size -1 in ", asked, " beside a size of 0");
      shape[inferred] = size() / known;
    }
    check(shape.numel() == size(), "reshape", "cannot view ", shape_, " (", size(), " values) as ", shape);
    check(is_contiguous(), "reshape", "needs contiguous values, got strides ", strides_, "; call contiguous() first");
    Array view = *this;
    view.shape_ = shape;
    view.strides_ = contiguous_strides(shape);
    return view;
  }

  /// Elements begin ... end-1 along one axis.
  AKIN_LAZY Array slice(int axis, std::int64_t begin, std::int64_t end) const {
    axis = normalize_axis("slice", axis, shape_);
    check(0 <= begin && begin <= end && end <= shape_[axis], "slice", "range [", begin, ", ", end,
          ") does not lie in axis ", axis, " of shape ", shape_);
    Array view = *this;
    view.shape_[axis] = end - begin;
    view.offset_ += begin * strides_[axis];
    return view;
  }

  /// Swaps two axes.
  AKIN_LAZY Array transpose(int a = -2, int b = -1) const {
    a = normalize_axis("transpose", a, shape_);
    b = normalize_axis("transpose", b, shape_);
    Array view = *this;
    std::swap(view.shape_[a], view.shape_[b]);
    std::swap(view.strides_[a], view.strides_[b]);
    return view;
  }

  /// Repeats along new and size-1 axes without copying (stride 0).
  AKIN_LAZY Array broadcast_to(const Shape& shape) const {
    check_sizes("broadcast_to", shape, size_of(dtype_));
    check(broadcast_shapes("broadcast_to", shape_, shape) == shape, "broadcast_to", "cannot broadcast ", shape_, " to ",
          shape);
    Array view = *this;
    view.shape_ = shape;
    view.strides_ = Shape::ones(shape.rank());
    for (int i = 0; i < shape.rank(); ++i) {
      const int from = i - (shape.rank() - rank());
      view.strides_[i] = from < 0 || shape_[from] == 1 ? 0 : strides_[from];
    }
    return view;
  }

 private:
  AKIN_LAZY void check_readable(DType wanted) const {
    check(defined(), "array", "has no value");
    check(dtype_ == wanted, "array", "holds ", dtype_, ", asked for ", wanted);
    check(version_ == storage_->version.load(std::memory_order_relaxed), "array", "the values of shape ", shape_,
          " were changed in place after this copy of the handle was taken"
          " (an optimizer step between forward and backward?); copy with ops::clone() before the change, or run "
          "backward() first");
  }

  Shape shape_, strides_;
  std::int64_t offset_ = 0;
  DType dtype_ = DType::f32;
  std::uint32_t version_ = 0;
  std::shared_ptr<Storage> storage_;
};

/// Same shape, dtype and device, other values.
AKIN_LAZY Array empty_like(const Array& a) { return Array::empty(a.shape(), a.dtype(), a.device()); }
AKIN_LAZY Array zeros_like(const Array& a) { return Array::zeros(a.shape(), a.dtype(), a.device()); }

AKIN_LAZY void check_same_shape(std::string_view op, const Array& a, const Array& b) {
  check(a.shape() == b.shape(), op, "shapes differ: ", a.shape(), " vs ", b.shape());
}
AKIN_LAZY void check_same_kind(std::string_view op, const Array& a, const Array& b) {
  check(a.dtype() == b.dtype(), op, "dtypes differ: ", a.dtype(), " vs ", b.dtype(), "; convert one with cast()");
  check(a.device() == b.device(), op, "devices differ: ", a.device(), " vs ", b.device(), "; bring both to one device");
}
AKIN_LAZY void check_rank(std::string_view op, std::string_view what, const Array& a, int rank) {
  check(a.rank() == rank, op, what, " needs ", rank, " axes, got shape ", a.shape());
}
AKIN_LAZY void check_shape(std::string_view op, std::string_view what, const Array& a, const Shape& expected) {
  check(a.shape() == expected, op, what, " has shape ", a.shape(), ", expected ", expected);
}

}  // namespace akin::inline AKIN_ABI
