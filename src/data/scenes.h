// Scenes in which photos are taken, made from ordinary clean ones before any damage: what comes with a kind of damage in
// the world, or looks like one and is none. Pictures are RGB, (height, width, 3), of any size from 1x1; lengths are shares of
// their size. Nothing throws but for want of memory.
#pragma once

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// A lens wide open: a subject or a depth stays sharp, the rest falls behind discs of confusion, in linear light. Blurred
// islands then say neither drops on the lens nor a moving camera. rgb: [0,1], changed in place, rounded to 8 bit.
void shallow_focus(FloatImage& rgb, Random& random);

// A rainy day without its rain: grey light, haze that grows towards a horizon, wet ground below it that mirrors what stands
// above, spray over the ground and splashes on it. rgb: [0,1], changed in place, rounded to 8 bit.
void wet_weather(FloatImage& rgb, Random& random);

// Asphalt, sand, concrete or paving from above, in even light: grain, stains, joints, a painted line. [0,1], 8 bit.
FloatImage ground(int width, int height, Random& random);

}  // namespace daclip
