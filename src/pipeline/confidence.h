// When recognition is too unsure to be relied on.
#pragma once

namespace daclip {

// The largest at which half of what lies below is recognised wrongly. Of 1028 photos (ten synthetic degradations, good
// photos, real pairs and photos) 268 lay below it and 137 of those were recognised wrongly, 50 of the 760 others.
inline constexpr float kUnsureBelow = 0.6f;

// probability: of the most probable label.
inline bool is_unsure(float probability) { return probability < kUnsureBelow; }

}  // namespace daclip
