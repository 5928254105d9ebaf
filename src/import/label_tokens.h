// The published model's labels, encoded with CLIP's vocabulary so that they can be embedded without it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace daclip {

inline constexpr int64_t kClipVocabulary = 49408;  // tokens; the last two are start and end

struct PublishedLabel {
  std::string_view name;
  std::vector<int64_t> tokens;
};

// In the order of the published controller.
inline const std::vector<PublishedLabel>& published_labels() {
  static const std::vector<PublishedLabel> kLabels = {
      {"motion-blurry", {7860, 268, 21977}},
      {"hazy", {32655}},
      {"jpeg-compressed", {73, 11207, 268, 42359}},
      {"low-light", {1042, 268, 1395}},
      {"noisy", {33495}},
      {"raindrop", {3128, 3387}},
      {"rainy", {10222}},
      {"shadowed", {15243, 538}},
      {"snowy", {14191}},
      {"uncompleted", {569, 5976}},
  };
  return kLabels;
}

// A row of `context` ids: start, tokens, end, zeros.
inline std::vector<int64_t> label_tokens(const PublishedLabel& label, int context) {
  std::vector<int64_t> row = {kClipVocabulary - 2};
  row.insert(row.end(), label.tokens.begin(), label.tokens.end());
  row.push_back(kClipVocabulary - 1);
  row.resize(size_t(context), 0);
  return row;
}

}  // namespace daclip
