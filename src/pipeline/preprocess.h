// Prepares photos as input of the CLIP towers.
#pragma once

#include "image/image.h"
#include "model/model_config.h"

namespace daclip {

// rgb: any size from 1x1, [0,1] -> (size, size, 3), normalised by CLIP's mean and deviation.
//
// `clip`: the reference's clip_transform: 8-bit pixels (truncated, not rounded), Pillow's bicubic resize, centre crop.
//
// `mosaic`: content is global, but noise and JPEG artifacts exist only at native resolution, so the square shows both.
//
// - Top left, the global view: the whole photo resized to global x global, ignoring its aspect ratio.
// - The native tiles, in reading order: cut from the photo on a regular grid, at multiples of 8 so that JPEG blocks
//   keep their phase. Their channels are luma and the log magnitudes of the 16x16 block DCT of luma and of (R - B)/2. A
//   linear patch embedding can see noise, blur, block quantisation and streaks in a spectrum, but not in pixels. Photos
//   smaller than a tile are extended by reflection.
// - Bottom right, the texture map: texture x texture positions spread over the photo, each summarising 8x8 native
//   pixels by sharpness (log of the Laplacian's mean magnitude), brightness (log of the mean luma, in which a shadow is
//   a step of constant height) and the darkest channel's minimum (haze; He et al. 2009). In this map raindrops are
//   blurred islands, snowflakes sharp ones, and holes have no texture.
FloatImage clip_input(const FloatImage& rgb, const PreprocessConfig& config);

// Same for an 8 or 16 bit picture. Above four million pixels the picture is never converted to floats as a whole: the
// global view comes from a copy reduced by a box filter, and the native tiles are read one at a time.
FloatImage clip_input(const Image& image, const PreprocessConfig& config);

// RGB in [0,1] minus CLIP's mean, over its deviation.
void normalise_for_clip(FloatImage& rgb);

}  // namespace daclip
