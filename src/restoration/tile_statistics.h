// One photo's statistics for all of its tiles.
//
// Channel attention averages over all that the network sees. A tile of a hazy, dark or shadowed photo averages
// otherwise than the photo, and would be repaired otherwise. So an overview, the whole photo reduced, goes through the
// network first, then some of the tiles, only to be measured. What a block takes for the photo's average is the
// overview's, moved by how far the averages of the tiles measured so far are from those over the same parts of the
// overview: by the details that reducing took. Where all tiles have been measured nothing of the overview is left in
// it, and what is still wrong comes from the blocks before, which took wrong averages then: measuring again makes it
// small.
#pragma once

#include <vector>

#include "ops/backend.h"
#include "restoration/direct_network.h"
#include "restoration/tiles.h"

namespace daclip {

// A rectangle of what the network sees, in shares of its width and height.
struct MapPart {
  double left, top, right, bottom;
};

// Which passes tell a photo's statistics.
struct MeasuringPlan {
  struct Part {
    size_t column, row;            // of the grid
    MapPart in_tile, in_overview;  // the tile's core
  };
  int reduction = 1;        // of the overview, box_reduced()'s factor: at most a tile's size
  std::vector<Part> parts;  // in the order in which they are measured, evenly spread over the photo
  size_t passes = 0;        // over the parts, again from the first one after the last
};

// `multiple`: to which the network's input is continued.
MeasuringPlan plan_measuring(const TileGrid& grid, int multiple);

class TileStatistics {
 public:
  // The backend is kept by reference.
  explicit TileStatistics(Backend& backend) : backend_(backend) {}

  // For one pass over the overview, then some over the parts' tiles, then any number over tiles, each a batch of one.
  // They keep this object by reference. A pass out of this order, or over a part that is not there, throws
  // std::out_of_range. Of several measurements of a part the last one counts.
  Pooling of_overview(std::vector<MeasuringPlan::Part> parts);
  Pooling of_part(size_t index);
  Pooling of_tile() const;

 private:
  struct Block {  // means, (1,1,1,C)
    Tensor overview;
    std::vector<Tensor> reduced;  // of the overview over each part
    std::vector<Tensor>
        details;  // a part's mean in its tile less that in the overview; undefined before it is measured
  };

  Tensor photo_mean(const Block& block) const;
  Tensor mean_over(const Tensor& x, const MapPart& part) const;

  Backend& backend_;
  std::vector<MeasuringPlan::Part> parts_;
  std::vector<Block> blocks_;
};

}  // namespace daclip
