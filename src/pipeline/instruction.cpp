#include "pipeline/instruction.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

constexpr size_t kShortest = 5;  // letters of a word whose typing error can be told from another word

WordTokenizer tokenizer_of(const ModelConfig& config) {
  if (!config.instruction) throw UsageError(cat("model ", config.name, " understands no instructions"));
  return WordTokenizer(config.words, config.instruction->text.context);
}

// Whether one insertion, removal, replacement or swap of neighbours makes `a` out of `b`.
bool differ_by_one(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  const auto at = size_t(std::ranges::mismatch(a, b).in1 - a.begin());
  const std::string_view rest_a = a.substr(at), rest_b = b.substr(at);
  if (a.size() < b.size()) return rest_a == rest_b.substr(1);
  if (rest_a.empty() || rest_a.substr(1) == rest_b.substr(1)) return true;
  return rest_a.size() > 1 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] && rest_a.substr(2) == rest_b.substr(2);
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

bool names(const std::vector<std::string>& kinds, const std::string& kind) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

}  // namespace

std::string corrected_word(const std::string& word, const WordTokenizer& tokenizer) {
  if (word.size() < kShortest || tokenizer.knows(word)) return word;
  for (const std::string& known : tokenizer.words())
    if (known.size() + 1 >= kShortest && differ_by_one(word, known)) return known;
  return word;
}

InstructionReader::InstructionReader(Backend& backend, const LoadedModel& model)
    : backend_(backend), model_(model), tokenizer_(tokenizer_of(model.config)) {}

Instruction InstructionReader::read(std::string_view text) const {
  Instruction result;
  std::string words;
  for (const std::string& typed : split_words(text)) {
    const std::string word = corrected_word(typed, tokenizer_);
    words += word + " ";
    if (!tokenizer_.knows(word) && !names(result.unknown_words, word)) result.unknown_words.push_back(word);
  }
  const InstructionConfig& config = *model_.config.instruction;
  const std::vector<float> logits = backend_.to_floats(
      instruction_logits(backend_, config, Scope(model_.weights, "instruction."), tokenizer_.tokenize(words)));
  for (int kind = 0; kind < config.kinds; ++kind) {
    const float* wish = &logits[size_t(3 * kind)];
    const std::string& label = model_.config.labels[size_t(kind)];
    if (wish[1] > wish[0] && wish[1] >= wish[2])
      result.repairs.push_back({label, sigmoid(logits[size_t(3 * config.kinds + kind)])});
    else if (wish[2] > wish[0])
      result.kept.push_back(label);
  }
  result.everything = logits.back() > 0;
  if (result.repairs.empty() && !result.everything)
    throw UsageError(cat("\"", text, "\": asks for no repair that the model knows; expected for example ",
                         "\"remove the rain but keep the fog\" or \"restore everything\""));
  return result;
}

}  // namespace daclip
