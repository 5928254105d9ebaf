// Falling particles drawn into a one-channel layer: streaks of rain, and flakes of snow smeared by their motion.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// Sizes of particles and drops are given in pixels of a photo up to 480 pixels high and grow with larger photos.
inline double picture_scale(const FloatImage& image) {
  return std::max(1.0, double(std::min(image.width, image.height)) / 480.0);
}

// A log-normal factor with median 1.
inline double random_factor(Random& random, double sigma) { return std::exp(sigma * random.normal()); }

struct StreakLayer {
  double angle = 0;                // of the fall against the vertical, degrees, within +-75
  double angle_spread = 2;         // standard deviation from streak to streak, degrees
  double length = 50;              // median, pixels
  double width = 1.5;              // median, pixels
  double size_spread = 0.4;        // sigma of the log-normal factor on length and width
  double coverage = 1;             // area of all streaks together over the picture's
  double brightness = 0.3;         // added by one streak, display values 0-1
  double brightness_spread = 0.3;  // 0: all streaks alike, 1: from 0 to twice
  bool soft = true;                // out of focus: fading to the sides and ends; else crisp, whole pixels
  bool add = true;                 // overlapping streaks add up; else the brighter one shows
};

// Draws the layer's streaks into `layer` (one channel), which keeps what is there.
void draw_streaks(FloatImage& layer, const StreakLayer& streaks, Random& random);

struct Flake {
  float x = 0, y = 0;                // centre, pixels
  float motion_x = 0, motion_y = 0;  // path during the exposure, pixels
  float radius = 1;                  // pixels
  float edge = 0.5f;                 // half width of its soft edge, pixels
  float opacity = 1;                 // 0-1
  float rim = 0;                     // 0-1: how much paler the middle is than the rim (defocused discs)
};

// Draws one flake over `layer` (one channel of opacities).
void draw_flake(FloatImage& layer, const Flake& flake);

}  // namespace daclip
