// Embeds free text with the model's text tower and vocabulary.
#pragma once

#include <string_view>
#include <vector>

#include "model/model.h"
#include "text/tokenizer.h"

namespace daclip {

class TextEncoder {
 public:
  // Keeps references to both. Throws UsageError if the model has no text tower or vocabulary, or was loaded without
  // them.
  TextEncoder(Backend& backend, const LoadedModel& model);

  // "a rainy photo" -> (embedding), not normalised. Text beyond the context length is truncated.
  std::vector<float> embed(std::string_view text) const;

 private:
  Backend& backend_;
  const LoadedModel& model_;
  Tokenizer tokenizer_;
};

}  // namespace daclip
