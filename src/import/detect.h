// What network a checkpoint holds, by the names and shapes of its tensors.
#pragma once

#include <optional>
#include <string>

#include "nets/clip.h"
#include "restoration/restoration_network.h"
#include "weights/named_arrays.h"

namespace daclip {

// Whether a checkpoint is CLIP's or DA-CLIP's. Throws WeightsError for a CLIP with an image tower that is no vision
// transformer. `where` names the file in errors, here and below.
bool holds_clip(const NamedArrays& arrays, const std::string& where);

// The restoration network of a checkpoint. Throws WeightsError naming what was found instead.
const NetworkType& detect_network_type(const NamedArrays& arrays, const std::string& where);

// Brings the names of CLIP and DA-CLIP files to DA-CLIP's: CLIP's own get "clip." in front; of `visual.*`, which
// DA-CLIP files hold a second time as `clip.visual.*`, one copy stays. Sizes that OpenAI's files keep among their
// weights, and constant masks, are dropped. Throws WeightsError where the two copies differ.
void tidy_clip_names(NamedArrays& arrays, const std::string& where);

// What shapes do not show of CLIP.
struct ClipHints {
  int vision_head_width = 64;
  int text_heads = 0;  // 0: the text tower's width / 64
};

struct DetectedClip {
  ClipConfig config;  // quick_gelu and control_order stay at their defaults
  bool controller = false;
};

// Of tidied names. Throws WeightsError for a tensor that is missing, LimitError for sizes that no network has.
DetectedClip detect_clip(const NamedArrays& arrays, const ClipHints& hints, const std::string& where);

}  // namespace daclip
