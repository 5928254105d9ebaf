// Geometric self-ensemble: a photo is restored as it is, turned and mirrored, and what comes back is averaged. What the
// views get wrong differently cancels out (Timofte et al., "Seven ways to improve example-based single image super
// resolution", CVPR 2016).
#pragma once

#include <functional>

#include "image/image.h"

namespace daclip {

inline constexpr int kMostViews = 8;

// The mean of the first `count` (1 to kMostViews) views' results: the photo, its half turn, the two mirror images, then
// the four on their side. `restore` is told the view's number; it keeps size and form. 1 gives its result as it is.
Image over_views(const Image& photo, int count, const std::function<Image(const Image& seen, int view)>& restore);

}  // namespace daclip
