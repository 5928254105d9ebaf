// Estimates a photo's channel means, so that all of its tiles share them.
//
// Channel attention averages over the network's whole input. A tile's channel means differ from the whole photo's, so
// hazy, dark or shadowed photos would be corrected differently from tile to tile. Therefore an overview, the photo
// reduced in size, runs through the network first, followed by some tiles whose output is discarded. In each block the
// photo's mean is estimated as the overview's mean plus a correction: the average difference between a measured tile's
// mean and the mean over the same part of the overview, that is, the detail lost by reducing. Once every tile is
// measured, the overview no longer contributes. The remaining error comes from earlier blocks that ran with provisional
// means; a second pass reduces it.
#pragma once

#include <vector>

#include "ops/backend.h"
#include "restoration/direct_network.h"
#include "restoration/tiles.h"

namespace daclip {

// A rectangle of the network's input, in fractions of its width and height.
struct MapPart {
  double left, top, right, bottom;
};

// The passes that measure a photo's channel means.
struct MeasuringPlan {
  struct Part {
    size_t column, row;            // position in the grid
    MapPart in_tile, in_overview;  // the tile's core
  };
  int reduction = 1;        // factor of box_reduced(), so that the overview is no larger than a tile
  std::vector<Part> parts;  // in order of measurement, spread evenly over the photo
  size_t passes = 0;        // number of passes over the parts; after the last part they start over
};

// multiple: the network's input is padded to multiples of it.
MeasuringPlan plan_measuring(const TileGrid& grid, int multiple);

class TileStatistics {
 public:
  // Keeps a reference to the backend.
  explicit TileStatistics(Backend& backend) : backend_(backend) {}

  // Pooling functions for one pass over the overview, then passes over the parts' tiles, then any number of tiles, each
  // with a batch of one. They keep a reference to this object. They throw std::out_of_range if called out of this order
  // or for an unknown part. A repeated measurement of a part replaces the earlier one.
  Pooling of_overview(std::vector<MeasuringPlan::Part> parts);
  Pooling of_part(size_t index);
  Pooling of_tile() const;

 private:
  struct Block {  // means (1,1,1,C)
    Tensor overview;
    std::vector<Tensor> reduced;  // over each part of the overview
    std::vector<Tensor> details;  // mean in the part's tile minus mean in the overview; undefined until measured
  };

  Tensor photo_mean(const Block& block) const;
  Tensor mean_over(const Tensor& x, const MapPart& part) const;

  Backend& backend_;
  std::vector<MeasuringPlan::Part> parts_;
  std::vector<Block> blocks_;
};

}  // namespace daclip
