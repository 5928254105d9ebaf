// Reads instructions in words with the model's instruction network.
#pragma once

#include <string_view>

#include "daclip/restorer.h"
#include "model/model.h"
#include "text/word_tokenizer.h"

namespace daclip {

class InstructionReader {
 public:
  // Keeps references to both. Throws UsageError if the model has no instruction network.
  InstructionReader(Backend& backend, const LoadedModel& model);

  // As Restorer::understand().
  Instruction read(std::string_view text) const;

 private:
  std::vector<std::string> words_of(std::string_view text) const;
  Instruction wishes_of(const std::vector<std::string>& words) const;
  Instruction read_by_sentence(std::string_view text) const;

  Backend& backend_;
  const LoadedModel& model_;
  WordTokenizer tokenizer_;
};

// A word that `tokenizer` does not know, as the known word that differs by one inserted, missing, replaced or swapped
// letter; unchanged if there is none, or if it is too short to tell.
std::string corrected_word(const std::string& word, const WordTokenizer& tokenizer);

}  // namespace daclip
