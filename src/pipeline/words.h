// Free words as embeddings, through the model's own text tower and vocabulary.
#pragma once

#include <string_view>
#include <vector>

#include "model/model.h"
#include "text/tokenizer.h"

namespace daclip {

class TextEncoder {
 public:
  // Both are kept by reference; the model must have been loaded with its text tower. Throws UsageError where the model
  // has no text tower, or no vocabulary to read words with.
  TextEncoder(Backend& backend, const LoadedModel& model);

  // "a rainy photo" -> (embedding), not normalised. A text beyond the context loses its last words.
  std::vector<float> embed(std::string_view text) const;

 private:
  Backend& backend_;
  const LoadedModel& model_;
  Tokenizer tokenizer_;
};

}  // namespace daclip
