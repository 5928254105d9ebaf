// The published labels as CLIP's vocabulary encodes them, so that they can be embedded without it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/labels.h"

namespace daclip {

inline constexpr int64_t kClipVocabulary = 49408;  // tokens; the last two are start and end

// kLabels[index], index < kDegradationCount, as a row of `context` ids: start, tokens, end, zeros.
inline std::vector<int64_t> label_tokens(int index, int context) {
  static const std::vector<int64_t> kTokens[kDegradationCount] = {{7860, 268, 21977},
                                                                  {32655},
                                                                  {73, 11207, 268, 42359},
                                                                  {1042, 268, 1395},
                                                                  {33495},
                                                                  {3128, 3387},
                                                                  {10222},
                                                                  {15243, 538},
                                                                  {14191},
                                                                  {569, 5976}};
  std::vector<int64_t> row = {kClipVocabulary - 2};
  row.insert(row.end(), kTokens[index].begin(), kTokens[index].end());
  row.push_back(kClipVocabulary - 1);
  row.resize(size_t(context), 0);
  return row;
}

}  // namespace daclip
