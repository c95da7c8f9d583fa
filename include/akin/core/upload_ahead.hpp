// UploadAhead: values on their way to the device while ops on those of before still run.
#pragma once
#include <utility>

#include "array.hpp"
#include "cuda_event.hpp"

namespace akin::inline AKIN_ABI {

#if AKIN_CUDA

/// Arrays of the host go to the device one after another, by start() and finish() in turn, on a stream of their own. They
/// take turns in two buffers; values to which somebody keeps a handle stay, and get another buffer instead.
class UploadAhead {
 public:
  UploadAhead() = default;
  ~UploadAhead() {
    if (next_.defined()) cudaStreamSynchronize(copy_stream());  // a copy may be on its way to memory that goes now
  }
  UploadAhead(const UploadAhead&) = delete;
  UploadAhead& operator=(const UploadAhead&) = delete;

  /// Queues a copy that waits for no op since the last finish(). `values` may change or go as soon as this returns.
  /// Errors: not on the host; not contiguous; no room; values are still to be taken.
  AKIN_LAZY void start(const Array& values) {
    check(!on_its_way_, "upload", "the values of before are still to be taken: call finish()");
    check(values.device() == Device::cpu, "upload", "the values are on ", values.device(), " already");
    check(values.is_contiguous(), "upload", "needs contiguous values, got strides ", values.strides());
    if (!last_.defined() || last_.shape() != values.shape() || last_.dtype() != values.dtype()) {
      last_ = Array::empty(values.shape(), values.dtype(), Device::cuda);
      free_.record("upload", compute_stream());  // ops of before may still use that memory
    }
    std::swap(next_, last_);
    free_.hold("upload", copy_stream());
    try {
      copy_to_next(values);
    } catch (...) {
      cudaStreamSynchronize(copy_stream());  // nothing is left on its way
      throw;
    }
    on_its_way_ = true;
  }
  /// Whether finish() has something to take.
  bool on_its_way() const { return on_its_way_; }

  /// The values on the device. Ops from now on wait for them, the host does not. Errors: no values are on their way.
  AKIN_LAZY Array finish() {
    check(on_its_way_, "upload", "no values are on their way: call start()");
    if (!last_.is_unique()) last_ = {};  // somebody may queue more that reads them
    free_.record("upload", compute_stream());
    copied_.hold("upload", compute_stream());
    on_its_way_ = false;
    return next_;
  }

 private:
  AKIN_LAZY void copy_to_next(const Array& values) {
    on_any(values.dtype(), [&]<class T>() {
      detail::upload("upload", copy_stream(), next_.mut<T>(), values.data<T>(),
                     static_cast<std::size_t>(values.size()) * sizeof(T));
    });
    copied_.record("upload", copy_stream());
  }

  Array next_, last_;  // where values went last, and where they went before
  detail::CudaEvent free_{"upload"}, copied_{"upload"};
  bool on_its_way_ = false;
};

#else

class UploadAhead {
 public:
  void start(const Array&) { throw_no_cuda("upload"); }
  bool on_its_way() const { return false; }
  Array finish() { throw_no_cuda("upload"); }
};

#endif

}  // namespace akin::inline AKIN_ABI
