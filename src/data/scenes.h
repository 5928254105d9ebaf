// Turns clean photos into scenes for training, before any degradation: conditions that accompany a degradation in
// reality, and undamaged scenes that resemble one. Pictures are RGB, (height, width, 3), at least 1x1; lengths scale
// with their size. The only exception thrown is std::bad_alloc.
#pragma once

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// Shallow depth of field: a subject or a depth stays sharp, everything else is blurred by circles of confusion in
// linear light. Teaches that blurred regions need not be drops on the lens or camera motion. rgb: [0,1], changed in
// place, rounded to multiples of 1/255.
void shallow_focus(FloatImage& rgb, Random& random);

// A rainy day without falling rain: grey light, haze that grows towards a horizon, wet ground below it that mirrors the
// scene, spray above the ground and splashes on it. rgb: [0,1], changed in place, rounded to multiples of 1/255.
void wet_weather(FloatImage& rgb, Random& random);

// Asphalt, sand, concrete or paving from above in even light: grain, stains, joints, a painted line. In [0,1],
// multiples of 1/255.
FloatImage ground(int width, int height, Random& random);

}  // namespace daclip
