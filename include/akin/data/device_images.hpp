// Images on the device where views are made.
#pragma once
#include <cstdint>
#include <vector>

#include "../ops/kernels.hpp"
#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data {

/// All images of a data set in device memory, copied once; batches are then gathered there. Empty on the cpu, and where
/// a data set has more than `most_bytes`: its batches are copied one by one.
class DeviceImages {
 public:
  DeviceImages() = default;  ///< on the cpu
  /// Errors: the device is not there; no room.
  AKIN_LAZY DeviceImages(const Dataset& dataset, Device device, std::int64_t most_bytes) : device_(device) {
    if (device == Device::cpu || dataset.image_bytes() > most_bytes / dataset.size()) return;
    all_ = take(dataset, first_indices(dataset.size())).images.to(device);
  }

  Device device() const { return device_; }
  bool holds_all() const { return all_.defined(); }
  bool copies_batches() const { return device_ != Device::cpu && !holds_all(); }

  /// The images of these samples, on the device: gathered, or copied from where they were read to if they are not there.
  AKIN_LAZY Array of(const Samples& samples) const {
    if (!holds_all()) return samples.images.to(device_);
    const auto n = static_cast<std::int64_t>(samples.indices.size());
    const Array rows = Array::from<std::int64_t>({n}, {samples.indices.begin(), samples.indices.end()}).to(device_);
    Array images = Array::empty({n, all_.dim(1), all_.dim(2), all_.dim(3)}, DType::u8, device_);
    on(device_, [&](auto queue) {
      kernels::take(queue, n, all_.size() / all_.dim(0), all_.data<std::uint8_t>(), rows.data<std::int64_t>(),
                    images.mut<std::uint8_t>());
    });
    return images;
  }

 private:
  Device device_ = Device::cpu;
  Array all_;
};

}  // namespace akin::inline AKIN_ABI::data
