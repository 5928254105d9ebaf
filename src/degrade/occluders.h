// What hides the sun in "shadowed": outlines of occluders as unions of signed distances, and spots of sunlight.
#pragma once

#include <vector>

#include "core/random.h"
#include "degrade/fields.h"

namespace daclip {

struct Point {
  float x, y;
};

// The picture in which a shadow falls, pixels.
struct Frame {
  float width, height, size;  // size is the shorter side
  Point inside(Random& random) const {
    const float across = float(random.uniform(0.05, 0.95)) * width;
    return {across, float(random.uniform(0.05, 0.95)) * height};
  }
};

// Signed distances to the outline of a shadow, negative inside, in pixels of the photo. They are smooth, so they are
// computed on every `grid`-th pixel, and edges come from the enlarged field. Starts without a shadow.
struct Field : FloatImage {
  int grid;
  Frame frame;
  Field(const FloatImage& photo, int spacing);
  float pixel(int i) const { return (float(i) + 0.5f) * float(grid); }
  FloatImage enlarged(const FloatImage& photo) const {
    return bilinear_resize(*this, photo.width, photo.height, 1.0 / grid);
  }
};

// A round spot of sunlight under foliage, in pixels. strength: fraction of the sunlight, 0-1.
struct Spot {
  float x, y, radius, strength;
};

// Adds the shadow of a random occluder: a building, board, figure, hand, branches or foliage.
void cast_for_paper(Field& field, Random& random);

// The same with poles, fences and leaves. Long occluders point to `heading` (radians). Spots of sunlight fall through
// foliage onto any ground, also into the shadows of others.
void cast_for_training(Field& field, double heading, std::vector<Spot>& spots, Random& random);

// The fraction of the sun that the spots let through at each pixel of the photo, one channel. Their edges are about
// `soft` pixels wide, in proportion to the spots, because a wider penumbra is a larger image of the sun.
FloatImage sunlight(const FloatImage& photo, const std::vector<Spot>& spots, double soft);

}  // namespace daclip
