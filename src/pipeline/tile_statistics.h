// One photo's statistics for all of its tiles.
//
// Channel attention averages over all that the network sees. A tile of a hazy, dark or shadowed photo averages otherwise
// than the photo, and would be repaired otherwise. So two pictures of a tile's size go through the network first: an
// overview, the whole photo reduced, and samples, some of its parts as they are, side by side. What a block takes for the
// photo's average is the overview's, moved by how far the samples' average is from that over the same parts of the
// overview: by the details that reducing took. All tiles then use the same averages.
#pragma once

#include <functional>
#include <vector>

#include "nets/nafnet.h"
#include "ops/backend.h"

namespace daclip {

class TileStatistics {
 public:
  // A rectangle in shares of the width and height that the network sees.
  struct Part {
    double left, top, right, bottom;
  };

  // Where the samples lie in the overview, and where in the picture of samples; equally many. The backend is kept by
  // reference.
  TileStatistics(Backend& backend, std::vector<Part> in_overview, std::vector<Part> in_samples);

  // Each for a pass of a batch of one, in this order; this object must outlive them. Tiles may be as many as there are.
  Pooling of_overview();
  Pooling of_samples();
  Pooling of_tile() const;

 private:
  Tensor mean_over(const Tensor& x, const std::vector<Part>& parts) const;

  Backend& backend_;
  std::vector<Part> in_overview_, in_samples_;
  std::vector<Tensor> means_;  // of each block (1,1,1,C): after the overview less its samples' mean, then the photo's
};

}  // namespace daclip
