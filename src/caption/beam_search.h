// Writes a text token by token with a language model: greedily, or by beam search, with the rules and the order of
// operations of Hugging Face's transformers 4.15, which BLIP's captions were made with.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace daclip {

struct TextSearch {
  int beams = 3;                  // 1: greedy
  int max_length = 20;            // in tokens, the prompt included
  int min_length = 5;             // before it, the end token is forbidden
  double repetition_penalty = 1;  // above 1, tokens that the text has already are less likely (Keskar et al. 2019)
  int64_t end = 102;              // token that ends a text
};

struct FoundText {
  std::vector<int64_t> ids;  // the prompt, the text, and the end token if it was reached before max_length
  double score = 0;          // of beam search: the sum of log-probabilities over the length; 0 if greedy
};

// ids of `rows` texts of equal length, row by row -> logits of what follows each, (rows * vocabulary).
using NextLogits = std::function<std::vector<float>(std::span<const int64_t> ids, int64_t rows)>;

// Throws UsageError unless beams >= 1, the penalty is positive, and the prompt is not empty and below max_length.
FoundText search_text(const NextLogits& next, std::span<const int64_t> prompt, const TextSearch& options);

}  // namespace daclip
