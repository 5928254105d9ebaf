// One photo's statistics for all of its tiles.
//
// Channel attention averages over all that the network sees. A tile of a hazy, dark or shadowed photo averages otherwise
// than the photo, and would be repaired otherwise. So two pictures of a tile's size go through the network first: an
// overview, the whole photo reduced, and samples, some of its parts as they are, side by side. What a block takes for the
// photo's average is the overview's, moved by how far the samples' average is from that over the same parts of the
// overview: by the details that reducing took. All tiles then use the same averages.
#pragma once

#include <vector>

#include "image/image.h"
#include "nets/nafnet.h"
#include "ops/backend.h"

namespace daclip {

// A rectangle of what the network sees, in shares of its width and height.
struct MapPart {
  double left, top, right, bottom;
};

// RGB in [0,1], at most about the size of a tile, and where the samples lie in both; equally many, at least one.
struct PhotoSamples {
  FloatImage overview, samples;
  std::vector<MapPart> in_overview, in_samples;
};

// Samples lie in the middles of equal cells of the photo. `multiple`: to which the network's input is continued.
PhotoSamples sample_photo(const Image& image, int tile_width, int tile_height, int multiple);

class TileStatistics {
 public:
  // The backend is kept by reference.
  explicit TileStatistics(Backend& backend) : backend_(backend) {}

  // For one pass over the overview, then one over the samples, then any number over tiles, each a batch of one. They keep
  // this object by reference, and `parts` is copied. A pass out of this order throws std::out_of_range.
  Pooling of_overview(std::vector<MapPart> parts);
  Pooling of_samples(std::vector<MapPart> parts);
  Pooling of_tile() const;

 private:
  Tensor mean_over(const Tensor& x, const std::vector<MapPart>& parts) const;

  Backend& backend_;
  std::vector<Tensor> means_;  // of each block (1,1,1,C): after the overview less its samples' mean, then the photo's
};

}  // namespace daclip
