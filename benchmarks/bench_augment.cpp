// Augmentation: whole views and their parts, at 32 pixels and, from a JPEG, at 224.
//
//   bench_augment [--threads N] [--dump-jpeg FILE] [--benchmark_filter=32px]
//
// Bytes are those of the picture that goes in and of the view that comes out. The JPEG is made here: 500 x 375 pixels
// of shapes under noise, quality 90, colours at half the resolution; --dump-jpeg writes it for others to decode.
#if defined(AKIN_WITH_STB) && __has_include(<stb_image_write.h>)
#define BENCH_WRITES_JPEG
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image_write.h>
#pragma GCC diagnostic pop
#endif

#include "support/bench.hpp"

using namespace bench;

namespace {

constexpr std::int64_t photo_height = 375, photo_width = 500;  // the usual size in ImageNet

/// [375, 500, 3] u8: one drawn picture, cut to size, under noise that leaves the JPEG as large as that of a photograph.
Array photo() {
  const auto drawn = data::synthetic({.size = 500, .count = 1});
  std::vector<std::uint8_t> square(static_cast<std::size_t>(drawn->image_bytes()));
  drawn->read(0, square.data());
  Array image = Array::empty({photo_height, photo_width, 3}, DType::u8);
  const Array grain = numbers({image.size()});
  for (std::int64_t i = 0; i < image.size(); ++i) {
    const float value = static_cast<float>(square[static_cast<std::size_t>(i)]) + 20 * grain.data<float>()[i];
    image.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
  }
  return image;
}

std::string photo_jpeg() {
  std::string bytes;
#if defined(BENCH_WRITES_JPEG)
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  stbi_write_jpg_to_func(append, &bytes, static_cast<int>(photo_width), static_cast<int>(photo_height), 3,
                         photo().data<std::uint8_t>(), 90);
#endif
  return bytes;
}

Samples samples_of(const Array& images) {
  Samples samples{images, 0, {}};
  for (std::int64_t i = 0; i < images.dim(0); ++i) samples.indices.push_back(static_cast<std::uint32_t>(i));
  return samples;
}

/// n pictures of `height` x `width`; what is measured may depend on the draws, so it is a mean over many.
Samples pictures(std::int64_t n, std::int64_t height, std::int64_t width) {
  if (height == 32) return data::take(*data::synthetic({.size = 32, .count = n}), data::first_indices(n));
  const Array one = photo().reshape({1, height, width, 3});
  return samples_of(ops::concat(std::vector<Array>(static_cast<std::size_t>(n), one), 0));
}

Work work_of(std::int64_t n, std::int64_t height, std::int64_t width, std::int64_t out) {
  const auto views = static_cast<double>(n);
  return {.bytes = views * 3 * static_cast<double>(height * width + 4 * out * out), .views = views};
}

void add_pipeline(const std::string& name, std::int64_t n, std::int64_t height, std::int64_t width, std::int64_t out,
                  const augment::Pipeline& pipeline) {
  add(name, work_of(n, height, width, out), [=] {
    return [=, samples = pictures(n, height, width)]() mutable {
      pipeline.apply(samples, 0);
      ++samples.epoch;  // other draws
    };
  });
}

/// Single transforms on pictures that keep their size, and always done.
void add_parts(const std::string& size, std::int64_t n, std::int64_t height, std::int64_t width, std::int64_t out) {
  const auto part = [&](const char* name, const augment::Transform& transform, std::int64_t to_height,
                        std::int64_t to_width) {
    const auto views = static_cast<double>(n);
    const Work work{.bytes = views * 3 * static_cast<double>(height * width + 4 * to_height * to_width),
                    .views = views};
    add(cat("part_", name, "/", size), work, [=] {
      return [pipeline = augment::Pipeline({transform}), samples = pictures(n, height, width)]() mutable {
        pipeline.apply(samples, 0);
        ++samples.epoch;
      };
    });
  };
  part("resized_crop", augment::ResizedCrop{.size = out}, out, out);
  part("flip", augment::HorizontalFlip{.probability = 1}, height, width);
  part("brightness_contrast", augment::ColorJitter{.brightness = .4, .contrast = .4}, height, width);
  part("color_jitter", augment::ColorJitter{.brightness = .4, .contrast = .4, .saturation = .4, .hue = .1}, height,
       width);
  part("grayscale", augment::Grayscale{.probability = 1}, height, width);
  part("gaussian_blur", augment::GaussianBlur{.kernel = out / 10 / 2 * 2 + 1, .probability = 1}, height, width);
  part("normalize", augment::cifar10_normalize(), height, width);
}

/// The parts whose textbook twin is slower: one plane each.
void add_twins() {
  const Work resized{.bytes = 4.0 * (24 * 24 + 32 * 32), .views = 1}, blurred{.bytes = 8.0 * 224 * 224, .views = 1};
  add("resize_naive/24->32", resized, [] {
    return [in = numbers({24 * 24}), out = Array::empty({32 * 32})]() mutable {
      kernels::resize_naive(in.data<float>(), 24, 24, out.mut<float>(), 32, 32);
    };
  });
  add("gaussian_blur_naive/224px", blurred, [] {
    return [in = numbers({224 * 224}), out = Array::empty({224 * 224})]() mutable {
      kernels::blur_naive(in.data<float>(), 224, 224, {.sigma = 1, .kernel = 23}, out.mut<float>());
    };
  });
}

void add_jpeg(const std::string& jpeg) {
  if (jpeg.empty()) return;  // compiled without stb
  const double pixels = photo_height * photo_width * 3, view = 224 * 224 * 3 * 4;
  const auto file = static_cast<double>(jpeg.size());
  add("decode_jpeg/500x375", {.bytes = file + pixels, .views = 1}, [=] { return [=] { io::decode_image(jpeg); }; });
  add("decode_augment/224px", {.bytes = file + view, .views = 1}, [=] {
    return [=, pipeline = augment::simclr({.size = 224}), epoch = 0u]() mutable {
      const Array image = io::decode_image(jpeg);
      Samples sample = samples_of(image.reshape({1, image.dim(0), image.dim(1), 3}));
      sample.epoch = epoch++;
      pipeline.apply(sample, 0);
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times augmentation.");
  std::string file;
  program.app.add_option("--dump-jpeg", file, "write the picture that is decoded to this file");
  return program.run(argc, argv, [&] {
    const std::string jpeg = photo_jpeg();
    if (!file.empty()) io::write_file(file, jpeg);
    add_pipeline("augment_simclr/32px", 256, 32, 32, 32, augment::simclr({.size = 32}));
    add_pipeline("augment_simclr/224px", 8, photo_height, photo_width, 224, augment::simclr({.size = 224}));
    add_jpeg(jpeg);
    add_parts("32px", 256, 32, 32, 32);
    add_parts("500x375", 8, photo_height, photo_width, 224);
    add_twins();
  });
}
