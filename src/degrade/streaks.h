// Falling particles, drawn into a one-channel layer: streaks of rain, and snowflakes with motion blur.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// Sizes of particles and drops apply to photos up to 480 pixels high; this factor enlarges them for larger photos.
inline double picture_scale(const FloatImage& image) {
  return std::max(1.0, double(std::min(image.width, image.height)) / 480.0);
}

// A log-normal factor with median 1.
inline double random_factor(Random& random, double sigma) { return std::exp(sigma * random.normal()); }

struct StreakLayer {
  double angle = 0;                // between the fall and the vertical, degrees, within +-75
  double angle_spread = 2;         // standard deviation among streaks, degrees
  double length = 50;              // median, pixels
  double width = 1.5;              // median, pixels
  double size_spread = 0.4;        // sigma of the log-normal factor on length and width
  double coverage = 1;             // total area of all streaks over the picture's area
  double brightness = 0.3;         // added by one streak, display values 0-1
  double brightness_spread = 0.3;  // 0: all streaks equal, 1: from 0 to twice `brightness`
  bool soft = true;                // defocused, fading to the sides and ends; otherwise crisp, in whole pixels
  bool add = true;                 // overlapping streaks add up; otherwise the brighter one wins
};

// Draws the streaks onto the existing contents of `layer` (one channel).
void draw_streaks(FloatImage& layer, const StreakLayer& streaks, Random& random);

struct Flake {
  float x = 0, y = 0;                // centre, pixels
  float motion_x = 0, motion_y = 0;  // movement during the exposure, pixels
  float radius = 1;                  // pixels
  float edge = 0.5f;                 // half width of the soft edge, pixels
  float opacity = 1;                 // 0-1
  float rim = 0;                     // 0-1: how much fainter the middle is than the rim (defocused discs)
};

// Draws one flake onto `layer` (one channel of opacities).
void draw_flake(FloatImage& layer, const Flake& flake);

}  // namespace daclip
