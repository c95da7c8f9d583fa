// An autoencoder: an encoder, and a decoder that paints the picture again from the features.
#pragma once
#include <algorithm>

#include "../linear.hpp"
#include "../upsample.hpp"
#include "convnet.hpp"

namespace akin::inline AKIN_ABI::nn {

struct DecoderOptions {
  std::int64_t features = 0;  ///< of the code
  ops::Pair size = 28;        ///< of the pictures: any
  std::int64_t channels = 1;  ///< of the pictures
  std::int64_t width = 128;   ///< channels at the smallest size; halved at each doubling, but not below 16
  std::uint64_t seed = 0;
};

namespace detail {

/// A flat code as a small image: [N, h w c] -> [N, h, w, c].
struct Unflatten {
  Shape image;  ///< [h, w, c]

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return reshape(x, {x.dim(0), image[0], image[1], image[2]}); }
  AKIN_LAZY std::string describe() const { return cat("Unflatten(", image, ")"); }
};

/// A size halved so many times, rounding up: ceil(size / 2^times).
AKIN_LAZY ops::Pair halved(ops::Pair size, int times) {
  const std::int64_t step = std::int64_t{1} << times;
  return {(size.h + step - 1) / step, (size.w + step - 1) / step};
}

/// How often a picture is halved until its longer side is at most 7: 28, 14, 7; or 37, 19, 10, 5.
AKIN_LAZY int halvings(ops::Pair size) {
  int times = 0;
  while (std::max(halved(size, times).h, halved(size, times).w) > 7) ++times;
  return times;
}

}  // namespace detail

/// [N, features] -> [N, size.h, size.w, channels]. A linear layer makes the smallest image; each stage doubles it by
/// repeating pixels, then 3x3 convolution, batch norm, ReLU; the last convolution gives the values, of any sign.
/// Transposed convolutions would leave a checkerboard: Odena et al. 2016, doi:10.23915/distill.00003.
AKIN_LAZY Module decoder(const DecoderOptions& options) {
  const ops::Pair size = options.size;
  check(size.h >= 1 && size.w >= 1 && size.h <= 1 << 16 && size.w <= 1 << 16, "decoder", "size must lie in 1 ... ",
        1 << 16, ", got ", size);
  check(options.width >= 1 && options.width <= 1 << 16, "decoder", "width must lie in 1 ... ", 1 << 16, ", got ",
        options.width);
  int times = detail::halvings(size);
  const ops::Pair smallest = detail::halved(size, times);
  std::int64_t in = options.width;
  std::vector<Module> layers = {Linear({.in = options.features, .out = smallest.h * smallest.w * in, .bias = false}),
                                detail::Unflatten{{smallest.h, smallest.w, in}},
                                BatchNorm({.features = in, .relu = true})};
  while (times-- > 0) {
    const std::int64_t out = std::max<std::int64_t>(in / 2, std::min<std::int64_t>(in, 16));
    layers.push_back(UpsampleNearest{detail::halved(size, times)});
    layers.push_back(Conv2d({.in = in, .out = out, .kernel = 3, .padding = 1}));
    layers.push_back(BatchNorm({.features = out, .relu = true}));
    in = out;
  }
  layers.push_back(Conv2d({.in = in, .out = options.channels, .kernel = 3, .padding = 1, .bias = true}));
  const Module model = Sequential(std::move(layers));
  model.initialize(options.seed, "decoder");
  return model;
}

struct AutoencoderOptions {
  ops::Pair size = 28;        ///< of the pictures: any
  std::int64_t channels = 1;  ///< of the pictures
  Module encoder = {};        ///< [N, H, W, channels] -> [N, features]; undefined: a convnet. Its weights are kept.
  std::int64_t features = 0;  ///< of the encoder that was given
  std::int64_t width = 128;   ///< of the decoder
  std::uint64_t seed = 0;
};

/// [N, H, W, channels] -> [N, H, W, channels]: the picture as the features tell it.
struct Autoencoder {
  Module encoder, decoder;

  AKIN_LAZY explicit Autoencoder(const AutoencoderOptions& o) : encoder(o.encoder) {
    check(encoder.defined() == (o.features > 0), "Autoencoder",
          "an encoder and its number of features go together, got features = ", o.features,
          encoder.defined() ? " with" : " without", " an encoder");
    std::int64_t features = o.features;
    if (!encoder.defined()) {
      const ConvnetOptions convnet_options{.channels = o.channels, .seed = o.seed};
      encoder = convnet(convnet_options);
      features = convnet_options.widths.back();
    }
    decoder =
        nn::decoder({.features = features, .size = o.size, .channels = o.channels, .width = o.width, .seed = o.seed});
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return decoder(encoder(x)); }
  void visit(Visitor& v) {
    v.child("encoder", encoder);
    v.child("decoder", decoder);
  }
  std::string describe() const { return "Autoencoder"; }
};

}  // namespace akin::inline AKIN_ABI::nn
