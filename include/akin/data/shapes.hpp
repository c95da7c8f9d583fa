// Eight flat shapes by their signed distance, all of the same area, and the picture of one on a plain background.
//
// Equal areas keep the label out of the mean colour: a network has to look at the outline.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::data {

/// What one rendered image shows. Lengths are fractions of the image side, x to the right, y down, from the centre.
struct Factors {
  std::int64_t shape = 0;  ///< position in shape_names()
  double hue = 0;          ///< 0 red ... 1/3 green ... 2/3 blue ... 0.8 violet; in grey images 0 dim ... 0.8 bright
  double scale = 0.2;      ///< radius of the circle that has the area of the shape
  double rotation = 0;  ///< radians, clockwise; light falls along the shape's own axis, so that it shows on circles too
  double x = 0, y = 0;  ///< centre of mass
  double background = 0;  ///< grey level, 0 ... 1
};

inline constexpr double max_hue = 0.8;

AKIN_LAZY const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names = {"circle",   "ring", "crescent", "square",
                                                 "triangle", "star", "cross",    "arrow"};
  return names;
}

namespace detail {

struct Point {
  double x, y;
};

AKIN_LAZY double length(double x, double y) { return std::sqrt(x * x + y * y); }

/// A simple polygon, moved to its centre of mass and scaled to area pi.
class Polygon {
 public:
  AKIN_LAZY explicit Polygon(std::vector<Point> corners) : corners_(std::move(corners)) {
    double area = 0, x = 0, y = 0;  // shoelace formulas
    for (std::size_t i = 0, j = corners_.size() - 1; i < corners_.size(); j = i++) {
      const Point a = corners_[j], b = corners_[i];
      const double cross = a.x * b.y - b.x * a.y;
      area += cross / 2;
      x += (a.x + b.x) * cross / 6;
      y += (a.y + b.y) * cross / 6;
    }
    const double scale = std::sqrt(std::numbers::pi / std::abs(area));
    for (Point& corner : corners_) corner = {scale * (corner.x - x / area), scale * (corner.y - y / area)};
  }

  /// Distance to the outline, negative inside: the nearest edge, and the parity of edges that a ray from p crosses.
  AKIN_LAZY double distance(Point p) const {
    double nearest = INFINITY;
    bool inside = false;
    for (std::size_t i = 0, j = corners_.size() - 1; i < corners_.size(); j = i++) {
      const Point a = corners_[j], b = corners_[i], edge = {b.x - a.x, b.y - a.y}, to = {p.x - a.x, p.y - a.y};
      const double along = (to.x * edge.x + to.y * edge.y) / (edge.x * edge.x + edge.y * edge.y);
      const double t = std::clamp(along, 0.0, 1.0), dx = to.x - t * edge.x, dy = to.y - t * edge.y;
      nearest = std::min(nearest, dx * dx + dy * dy);
      if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + to.y / edge.y * edge.x) inside = !inside;
    }
    return (inside ? -1 : 1) * std::sqrt(nearest);
  }

 private:
  std::vector<Point> corners_;
};

/// A star with its first point up. Inner radius cos(pi / points) makes it a regular polygon.
AKIN_LAZY std::vector<Point> star_corners(int points, double inner_radius) {
  std::vector<Point> corners;
  for (int i = 0; i < 2 * points; ++i) {
    const double radius = i % 2 ? inner_radius : 1, angle = std::numbers::pi * i / points - std::numbers::pi / 2;
    corners.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return corners;
}

AKIN_LAZY const Polygon& polygon(std::int64_t index) {
  static const std::vector<Polygon> polygons = [] {
    const std::vector<Point> square = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    const std::vector<Point> cross = {{-1, -3}, {1, -3}, {1, -1}, {3, -1}, {3, 1},   {1, 1},
                                      {1, 3},   {-1, 3}, {-1, 1}, {-3, 1}, {-3, -1}, {-1, -1}};
    const std::vector<Point> arrow = {{0, -3}, {3, 0}, {1, 0}, {1, 3}, {-1, 3}, {-1, 0}, {-3, 0}};
    std::vector<Polygon> all;
    for (const auto& corners : {square, star_corners(3, 0.5), star_corners(5, 0.45), cross, arrow})
      all.emplace_back(corners);
    return all;
  }();
  return polygons[static_cast<std::size_t>(index)];
}

/// The disc of radius 1 without the part under an equal disc `shift` to the right; moved and scaled as a Polygon is.
AKIN_LAZY double crescent_distance(Point p) {
  const double shift = 0.9, lens = 2 * std::acos(shift / 2) - shift / 2 * std::sqrt(4 - shift * shift);
  const double area = std::numbers::pi - lens, scale = std::sqrt(std::numbers::pi / area);
  const double x = p.x / scale - shift / 2 * lens / area, y = p.y / scale;  // the lens has its centre at shift / 2
  return scale * std::max(length(x, y) - 1, 1 - length(x - shift, y));
}

/// No shape reaches further from its centre of mass.
inline constexpr double shape_reach = 1.75;

/// Signed distance to shape number `shape`, which has area pi and its centre of mass at 0.
AKIN_LAZY double shape_distance(std::int64_t shape, Point p) {
  switch (shape) {
    case 0:
      return length(p.x, p.y) - 1;
    case 1:
      return std::abs(length(p.x, p.y) - 1) - 0.25;  // radii 0.75 and 1.25: their squares differ by 1
    case 2:
      return crescent_distance(p);
    default:
      return polygon(shape - 3).distance(p);
  }
}

/// One channel of a colour of full value and saturation 0.85: offset 5 gives red, 3 green, 1 blue.
AKIN_LAZY double hue_channel(double hue, int offset) {
  const double k = std::fmod(offset + 6 * hue, 6);
  return 1 - 0.85 * std::clamp(std::min(k, 4 - k), 0.0, 1.0);
}

}  // namespace detail

/// Draws f as size x size x channels bytes. The share of a pixel that the shape covers is taken from its distance.
/// Errors: size outside 8 ... 512, channels other than 1 and 3, no such shape, scale <= 0, factors not finite.
AKIN_LAZY void render(const Factors& f, std::int64_t size, std::int64_t channels, std::uint8_t* pixels) {
  check(8 <= size && size <= 512, "render", "expected a size of 8 ... 512 pixels, got ", size);
  check(channels == 1 || channels == 3, "render", "expected 1 (grey) or 3 (colour) channels, got ", channels);
  check(0 <= f.shape && f.shape < static_cast<std::int64_t>(shape_names().size()), "render", "shape ", f.shape,
        " does not exist; there are ", shape_names().size());
  check(f.scale > 0, "render", "scale must be > 0, got ", f.scale);
  check(std::isfinite(f.hue + f.scale + f.rotation + f.x + f.y + f.background), "render", "factors must be finite");
  const double grey = 0.55 + 0.45 * f.hue / max_hue;
  const double colour[3] = {channels == 1 ? grey : detail::hue_channel(f.hue, 5), detail::hue_channel(f.hue, 3),
                            detail::hue_channel(f.hue, 1)};
  const double cosine = std::cos(f.rotation) / f.scale, sine = std::sin(f.rotation) / f.scale;
  const double side = static_cast<double>(size), unit = f.scale * side;  // pixels
  for (std::int64_t row = 0; row < size; ++row) {
    for (std::int64_t column = 0; column < size; ++column) {
      const double x = (column + 0.5) / side - 0.5 - f.x, y = (row + 0.5) / side - 0.5 - f.y;
      const detail::Point local = {cosine * x + sine * y, cosine * y - sine * x};
      const bool far = (detail::length(local.x, local.y) - detail::shape_reach) * unit > 0.5;  // saves most of the time
      const double cover = far ? 0 : std::clamp(0.5 - unit * detail::shape_distance(f.shape, local), 0.0, 1.0);
      const double light = 1 - 0.25 * std::clamp(0.5 + local.y / 3, 0.0, 1.0);
      for (std::int64_t c = 0; c < channels; ++c) {
        const double value = f.background + cover * (colour[c] * light - f.background);
        *pixels++ = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
      }
    }
  }
}

}  // namespace akin::inline AKIN_ABI::data
