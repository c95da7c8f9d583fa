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
  AKIN_LAZY void start(const Array& values) {
    check(!on_its_way_, "upload", "the values of before are still to be taken: call finish()");
    check(values.is_contiguous(), "upload", "needs contiguous values, got strides ", values.strides());
    std::swap(next_, last_);
    if (!next_.defined() || !next_.is_unique() || next_.shape() != values.shape() || next_.dtype() != values.dtype()) {
      next_ = Array::empty(values.shape(), values.dtype(), Device::cuda);
      free_.record("upload", compute_stream());  // ops of before may still use that memory
    }
    free_.hold("upload", copy_stream());
    on_any(values.dtype(), [&]<class T>() {
      detail::upload("upload", copy_stream(), next_.mut<T>(), values.data<T>(),
                     static_cast<std::size_t>(values.size()) * sizeof(T));
    });
    copied_.record("upload", copy_stream());
    on_its_way_ = true;
  }

  /// The values on the device. Ops from now on wait for them, the host does not.
  AKIN_LAZY Array finish() {
    check(on_its_way_, "upload", "no values are on their way: call start()");
    free_.record("upload", compute_stream());  // all that reads the values of before is queued
    copied_.hold("upload", compute_stream());
    on_its_way_ = false;
    return next_;
  }

 private:
  Array next_, last_;  // where values go now, and where they went before
  detail::CudaEvent free_{"upload"}, copied_{"upload"};
  bool on_its_way_ = false;
};

#else

class UploadAhead {
 public:
  void start(const Array&) { throw_no_cuda("upload"); }
  Array finish() { throw_no_cuda("upload"); }
};

#endif

}  // namespace akin::inline AKIN_ABI
