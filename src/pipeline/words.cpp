#include "pipeline/words.h"

#include "core/error.h"

namespace daclip {
namespace {

Tokenizer tokenizer_of(const LoadedModel& model) {
  const ModelConfig& config = model.config;
  if (!config.clip || !config.text_tower)
    throw UsageError(cat("model ", config.name, " has no text tower: it supports its labels, but no other text"));
  if (config.merges == 0)
    throw UsageError(cat("model ", config.name, " was imported without a vocabulary and supports only its labels; ",
                         "import it again with --vocab bpe_simple_vocab_16e6.txt.gz to use other text"));
  if (model.merges.empty()) throw UsageError("the model was loaded without its text tower");
  Tokenizer tokenizer = Tokenizer::from_merges(model.merges);
  if (tokenizer.vocab() != config.clip->text.vocab)
    throw FormatError(cat("model ", config.name, ": its vocabulary has ", tokenizer.vocab(), " tokens, its text tower ",
                          config.clip->text.vocab));
  return tokenizer;
}

}  // namespace

TextEncoder::TextEncoder(Backend& backend, const LoadedModel& model)
    : backend_(backend), model_(model), tokenizer_(tokenizer_of(model)) {}

std::vector<float> TextEncoder::embed(std::string_view text) const {
  const ClipConfig& clip = *model_.config.clip;
  const std::vector<int64_t> ids = tokenizer_.tokenize(text, clip.text.context);
  return backend_.to_floats(encode_text(backend_, clip, Scope(model_.weights, "daclip.clip."), ids));
}

}  // namespace daclip
