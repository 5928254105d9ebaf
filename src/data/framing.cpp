#include "data/framing.h"

#include <algorithm>
#include <cmath>

#include "data/photo_statistics.h"
#include "degrade/fields.h"
#include "image/resize.h"

namespace daclip {
namespace {

void mirror(FloatImage& image) {
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width / 2; ++x)
      for (int c = 0; c < image.channels; ++c) std::swap(image.at(x, y, c), image.at(image.width - 1 - x, y, c));
}

// Unsharp masking that restores about the sharpness lost by enlarging by `factor`, as cameras do: softness then always
// means blur.
void sharpen(FloatImage& image, double factor, double amount) {
  FloatImage soft = image;
  gaussian_blur(soft, 0.6 * factor);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] += float(amount) * (image.data[i] - soft.data[i]);
}

}  // namespace

Frame draw_frame(const PackPhoto& photo, const SamplerConfig& config, Random& random) {
  double factor = 1;
  if (random.chance(0.5)) factor = random.uniform(config.rescale_min, config.rescale_max);
  const int shorter = std::min(photo.width, photo.height);
  factor = std::max(factor, double(config.min_side) / shorter);
  Frame frame;
  frame.width = std::max(config.min_side, int(std::lround(photo.width * factor)));
  frame.height = std::max(config.min_side, int(std::lround(photo.height * factor)));
  const int side = config.region;
  frame.region.width = side > 0 ? std::min(side, frame.width) : frame.width;
  frame.region.height = side > 0 ? std::min(side, frame.height) : frame.height;
  frame.region.x = int(random.below(frame.width - frame.region.width + 1));
  frame.region.y = int(random.below(frame.height - frame.region.height + 1));
  frame.mirrored = random.chance(0.5);
  frame.sharpening = factor > 1 ? random.uniform(0.3, 1.3) : 0;
  return frame;
}

Frame draw_surface_frame(const PackPhoto& photo, int min_side, Random& random) {
  const int shorter = std::min(photo.width, photo.height);
  Frame frame;
  frame.mirrored = random.chance(0.5);
  const int side =
      std::clamp(int(shorter * random.uniform(0.2, 0.5)), std::min(shorter, std::max(96, min_side)), shorter);
  double plainest = 1e9;
  for (int i = 0; i < 8; ++i) {
    CropPlan part;
    part.width = part.height = side;
    part.x = int(random.below(photo.width - side + 1));
    part.y = int(random.below(photo.height - side + 1));
    if (const double rough = roughness(photo, part); rough < plainest) {
      plainest = rough;
      frame.part = part;
    }
  }
  const double factor = std::max(random.uniform(1, 2.2), (min_side + 0.5) / side);
  frame.width = frame.height = frame.region.width = frame.region.height = int(side * factor);
  frame.sharpening = random.uniform(0.3, 1.3);
  return frame;
}

FloatImage apply_frame(const std::vector<uint8_t>& rgb, const PackPhoto& photo, const Frame& frame) {
  FloatImage image = to_float_image(rgb, photo.width, photo.height);
  if (frame.part.width > 0) image = crop(image, frame.part);
  const double factor = double(frame.width) / image.width;
  if (frame.width != image.width || frame.height != image.height) image = resize(image, frame.width, frame.height);
  if (frame.region.width != image.width || frame.region.height != image.height) image = crop(image, frame.region);
  if (frame.mirrored) mirror(image);
  if (frame.sharpening > 0) sharpen(image, factor, frame.sharpening);
  round_to_bytes(image);
  return image;
}

}  // namespace daclip
