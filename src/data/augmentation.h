// Edits of a framed training photo: colours before the degradation, the degradation itself, and storage after it.
#pragma once

#include <cstdint>

#include "core/random.h"
#include "degrade/degrade.h"
#include "image/float_image.h"

namespace daclip {

// Random contrast, saturation and white balance, as cameras and weather differ. rgb: [0,1], changed in place, rounded
// to 8 bit.
void change_colours(FloatImage& rgb, Random& random);

// `gt` degraded as `label` names, not rounded. Weather, drops, shadows and darkness that hardly show are drawn again a
// few times: a shadow may fall on black, white rain on a white sky.
FloatImage degrade_visibly(const FloatImage& gt, int label, Severity severity, uint64_t seed);

// Resizes both pictures and compresses `lq` once more with a good quality, as a web page or a messenger would. Photos
// without damage are hardly enlarged, since soft ones count as blurred, and keep a higher quality.
void store_again(FloatImage& gt, FloatImage& lq, bool clean, int min_side, Random& random);

}  // namespace daclip
