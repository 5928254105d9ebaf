// Photos as the CLIP towers want them.
#pragma once

#include "image/image.h"
#include "model/model_config.h"

namespace daclip {

// rgb: any size from 1x1, [0,1] -> (size, size, 3), normalised by CLIP's mean and deviation.
//
// `clip`: the reference's clip_transform: 8-bit pixels (truncated as it does), Pillow's bicubic, centre crop.
// `mosaic`: noise and JPEG traces live at native resolution and vanish in a resize, content is global, so the square
// shows both. The whole photo, resized to global x global whatever its aspect, stands top left. The remaining tiles, in
// reading order, are cut from the photo as it is, on a regular grid at multiples of 8 (so that JPEG's blocks keep their
// phase). Their three channels are luma, and the log magnitudes of the 16x16 block DCT of luma and of (R - B)/2: in a
// spectrum noise, blur, block quantisation and streaks are visible to a linear patch embedding, in pixels they are not.
// Photos smaller than a tile are continued by reflection. The texture map, bottom right, looks at 8x8 native pixels at
// each of texture x texture places all over the photo: how sharp they are (log of the mean Laplacian's magnitude), how
// bright (log of the mean luma: a shadow is a step of the same height everywhere) and how dark in their darkest channel
// (He et al. 2009: haze). Drops on a lens are blurred islands there, flakes sharp ones, holes have no texture at all.
FloatImage clip_input(const FloatImage& rgb, const PreprocessConfig& config);

// The same from a picture as files hold it. One of more than four million pixels is never held as floats whole: its
// global view comes from a reduced copy (box filter), its native tiles are read one by one.
FloatImage clip_input(const Image& image, const PreprocessConfig& config);

}  // namespace daclip
