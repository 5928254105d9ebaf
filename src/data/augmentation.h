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

// A monochrome tone: grey, sepia or another tint, by powers of the luma.
struct Tone {
  float power[3] = {1, 1, 1};
};
Tone draw_tone(Random& random);

// Replaces the colours by the tone's for their luma. Rounded to 8 bit.
void apply_tone(FloatImage& rgb, const Tone& tone);

// The images have the same size.
double mean_squared_error(const FloatImage& a, const FloatImage& b);

// `gt` degraded as `label` names, not rounded. Weather, drops, shadows and darkness that hardly show are drawn again a
// few times: a shadow may fall on black, white rain on a white sky.
FloatImage degrade_visibly(const FloatImage& gt, int label, Severity severity, uint64_t seed);

// Resizes both pictures and compresses `lq` once more with a good quality, as a web page or a messenger would. Photos
// without damage are hardly enlarged, since soft ones count as blurred, and keep a higher quality.
void store_again(FloatImage& gt, FloatImage& lq, bool clean, int min_side, Random& random);

}  // namespace daclip
