// Parts of a picture as floats and back, so that a large photo is never held as floats whole.
#pragma once

#include "image/image.h"

namespace daclip {

// The rectangle of `image` as RGB in [0,1]; grey is repeated. The rectangle must lie inside (ShapeError otherwise).
FloatImage rgb_region(const Image& image, int left, int top, int width, int height);

// Writes `rgb` into the colour samples of `image` at (left, top), clamped and rounded to nearest; grey takes the mean
// of the three, alpha is left as it is. Throws ShapeError where it does not fit.
void store_region(Image& image, int left, int top, const FloatImage& rgb);

// Where position i >= 0 of a row of n falls that goes on as its own mirror image, without repeating the border.
int reflected(int i, int n);

// `picture` continued so to the right and below, up to width x height.
FloatImage continued(const FloatImage& picture, int width, int height);

// The mean of each factor x factor square as RGB in [0,1] (those at the right and bottom border may be smaller).
FloatImage box_reduced(const Image& image, int factor);

// The whole picture as RGB in [0,1], at most about four million pixels (48 MB). Larger ones are reduced by
// box_reduced(), but to no less than 2 * side pixels along either side, so that a resize to `side` decides the
// sharpness.
FloatImage overview(const Image& image, int side);

}  // namespace daclip
