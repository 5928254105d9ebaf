// Geometric self-ensemble: restores rotated and mirrored views of a photo and averages the results, so that errors that
// differ between the views cancel (Timofte et al., "Seven ways to improve example-based single image super resolution",
// CVPR 2016).
#pragma once

#include <functional>

#include "image/image.h"

namespace daclip {

inline constexpr int kMostViews = 8;

// The mean result of the first `count` (1 to kMostViews) views: the photo, its half turn, its two mirror images, and
// these four rotated by a quarter turn. `restore` gets a view and its index and must keep the size, channels and depth.
Image over_views(const Image& photo, int count, const std::function<Image(const Image& seen, int view)>& restore);

}  // namespace daclip
