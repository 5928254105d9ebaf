// Instructions in words: reads them with the model's instruction network, and turns them into what to repair in a photo.
#pragma once

#include <span>
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
  Backend& backend_;
  const LoadedModel& model_;
  WordTokenizer tokenizer_;
};

// A word that `tokenizer` does not know, as the known word that differs by one inserted, missing, replaced or swapped
// letter; unchanged if there is none, or if it is too short to tell.
std::string corrected_word(const std::string& word, const WordTokenizer& tokenizer);

// What to repair in one photo.
struct RepairPlan {
  std::vector<std::string> kinds;  // labels; empty: nothing
  std::vector<float> shares;       // of each label before "clean", as mixture_context() takes them
  float strength = 0;              // of the blend with the input
};

// The kinds that the instruction names, and, if it asks for everything, those that were found, except what it keeps.
RepairPlan plan_repair(const Instruction& instruction, std::span<const Finding> findings,
                       std::span<const std::string> labels);

}  // namespace daclip
