#include "pipeline/instruction.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "pipeline/findings.h"
#include "pipeline/repair_plan.h"

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

// Typographic quotes and dashes as spaces, the apostrophe as '.
std::string plain_quotes(std::string_view text) {
  constexpr std::pair<std::string_view, char> kMarks[] = {
      {"\u2019", '\''}, {"\u2018", ' '}, {"\u201c", ' '}, {"\u201d", ' '}, {"\u201e", ' '},
      {"\u2013", ' '},  {"\u2014", ' '}, {"\u2026", '.'}, {"\u00ab", ' '}, {"\u00bb", ' '}};
  std::string plain(text);
  for (const auto& [mark, character] : kMarks)
    for (size_t at = plain.find(mark); at != std::string::npos; at = plain.find(mark, at))
      plain.replace(at, mark.size(), 1, character);
  return plain;
}

std::vector<std::string_view> sentences(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(".!?;\n"), text.size());
    result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

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

// The words as the network takes them, misspelled ones corrected.
std::vector<std::string> InstructionReader::words_of(std::string_view text) const {
  std::vector<std::string> words = split_words(plain_quotes(text));
  for (std::string& word : words) word = corrected_word(word, tokenizer_);
  return words;
}

// What words that fit into the context ask for.
Instruction InstructionReader::wishes_of(const std::vector<std::string>& words) const {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const InstructionConfig& config = *model_.config.instruction;
  const std::vector<float> logits = backend_.to_floats(
      instruction_logits(backend_, config, Scope(model_.weights, "instruction."), tokenizer_.tokenize(text)));
  Instruction result;
  for (int kind = 0; kind < config.kinds; ++kind) {
    const float* wish = &logits[size_t(3 * kind)];
    const std::string& label = model_.config.labels[size_t(kind)];
    if (wish[1] > wish[0] && wish[1] >= wish[2])
      result.repairs.push_back({label, sigmoid(logits[size_t(3 * config.kinds + kind)])});
    else if (wish[2] > wish[0])
      result.kept.push_back(label);
  }
  result.everything = logits.back() > 0;
  return result;
}

// Much talk around a wish hides it, so each sentence is read for itself. The first wish for a kind counts.
Instruction InstructionReader::read_by_sentence(std::string_view text) const {
  const size_t longest = size_t(tokenizer_.context()) - 2;
  Instruction result;
  const auto mentioned = [&](const std::string& label) { return names(result.kept, label) || asks_for(result, label); };
  bool keeps_only = false;  // some sentence asks for everything but what it keeps
  for (const std::string_view sentence : sentences(text)) {
    const std::vector<std::string> words = words_of(sentence);
    if (words.size() > longest)
      throw UsageError(cat("an instruction's sentence has ", words.size(), " words, expected at most ", longest));
    if (words.empty()) continue;
    const Instruction wishes = wishes_of(words);
    for (const Instruction::Repair& repair : wishes.repairs)
      if (!mentioned(repair.label)) result.repairs.push_back(repair);
    for (const std::string& label : wishes.kept)
      if (!mentioned(label)) result.kept.push_back(label);
    (wishes.kept.empty() ? result.everything : keeps_only) |= wishes.everything;
  }
  result.everything = result.everything || (keeps_only && result.repairs.empty());
  return result;
}

Instruction InstructionReader::read(std::string_view text) const {
  const std::vector<std::string> words = words_of(text);
  const auto asks = [](const Instruction& read) { return !read.repairs.empty() || read.everything; };
  Instruction result;
  if (words.size() + 2 <= size_t(tokenizer_.context())) result = wishes_of(words);
  if (!asks(result)) result = read_by_sentence(text);
  for (const std::string& word : words)
    if (!tokenizer_.knows(word) && !names(result.unknown_words, word)) result.unknown_words.push_back(word);
  if (asks(result)) return result;
  const std::string unknown = result.unknown_words.empty() ? "" : "; unknown words: " + joined(result.unknown_words);
  throw UsageError(cat("\"", text, "\": asks for no repair that the model understands; expected English, for example ",
                       "\"remove the rain but keep the fog\" or \"restore everything\"", unknown));
}

}  // namespace daclip
