// When recognition is too unsure to be relied on.
#pragma once

namespace daclip {

// About a third of what lies below is recognised wrongly: of 1,934 photos (synthetic degradations, also mixed, good
// photos, real pairs and photos; docs/results) 102 lay below it and 32 of those were recognised wrongly, 46 of the
// 1,832 others.
inline constexpr float kUnsureBelow = 0.6f;

// probability: of the most probable label.
inline bool is_unsure(float probability) { return probability < kUnsureBelow; }

}  // namespace daclip
