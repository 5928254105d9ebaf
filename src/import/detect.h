// Detects a checkpoint's network and configuration from the names and shapes of its tensors.
#pragma once

#include <optional>
#include <string>

#include "nets/clip.h"
#include "restoration/restoration_network.h"
#include "weights/named_arrays.h"

namespace daclip {

// Whether a checkpoint holds CLIP or DA-CLIP. Throws WeightsError for a CLIP whose image tower is not a vision
// transformer. Here and below, `where` names the file in errors.
bool holds_clip(const NamedArrays& arrays, const std::string& where);

// The type of a checkpoint's restoration network. Throws WeightsError listing some tensor names if none matches.
const NetworkType& detect_network_type(const NamedArrays& arrays, const std::string& where);

// Converts the tensor names of CLIP and DA-CLIP files to DA-CLIP's. CLIP's names get the prefix "clip.". DA-CLIP files
// hold `visual.*` twice, also as `clip.visual.*`; one copy is kept. Drops the sizes that OpenAI's files store as
// tensors, and constant masks. Throws WeightsError if the two copies differ.
void tidy_clip_names(NamedArrays& arrays, const std::string& where);

// CLIP settings that tensor shapes do not determine.
struct ClipHints {
  int vision_head_width = 64;
  int text_heads = 0;  // 0: the text tower's width / 64
};

struct DetectedClip {
  ClipConfig config;  // quick_gelu and control_order stay at their defaults
  bool controller = false;
};

// Expects names converted by tidy_clip_names(). Throws WeightsError for a missing tensor, LimitError for absurd sizes.
DetectedClip detect_clip(const NamedArrays& arrays, const ClipHints& hints, const std::string& where);

}  // namespace daclip
