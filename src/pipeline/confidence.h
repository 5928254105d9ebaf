// When recognition is too unsure to be relied on.
#pragma once

namespace daclip {

// More than half of what lies below is recognised wrongly: of 719 photos (ten synthetic degradations, good photos, real
// pairs and photos; docs/results) 99 lay below it and 58 of those were recognised wrongly, 88 of the 620 others.
inline constexpr float kUnsureBelow = 0.6f;

// probability: of the most probable label.
inline bool is_unsure(float probability) { return probability < kUnsureBelow; }

}  // namespace daclip
