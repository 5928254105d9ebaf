#include "caption/captioner.h"

#include "core/error.h"
#include "image/pixels.h"
#include "image/resize.h"
#include "nets/weight_check.h"
#include "pipeline/preprocess.h"
#include "weights/state_dict.h"

namespace daclip {
namespace {

constexpr int64_t kAddedTokens = 2;  // [DEC] and [ENC], after BERT's

// Stretched to a square, as BLIP's own transform does.
Tensor square(Backend& backend, const Image& photo, int side) {
  FloatImage small = resize_8bit(overview(photo, side), side, side);
  normalise_for_clip(small);
  return backend.from_floats(small.data, {1, side, side, 3});
}

}  // namespace

Captioner::Captioner(Backend& backend, const std::filesystem::path& checkpoint, const std::filesystem::path& vocabulary,
                     const CaptionOptions& options)
    : backend_(backend), pieces_(WordPieces::load(vocabulary)) {
  const std::string where = checkpoint.string();
  StateDict file = read_state_dict(checkpoint);
  std::erase_if(file.arrays.arrays, [](const auto& entry) { return unused_by_blip(entry.first); });
  config_ = detect_blip(file.arrays, where, options.vision_heads, options.heads);
  // Some files leave out the last layer, which is the table of the words.
  const std::string words = "text_decoder.bert.embeddings.word_embeddings.weight";
  file.arrays.arrays.emplace("text_decoder.cls.predictions.decoder.weight", file.arrays.at(words));
  const std::vector<WeightSpec> specs = blip_weights(config_);
  check_tensors(specs, file.arrays, where);
  if (config_.vocab != pieces_.size() + kAddedTokens)
    throw WeightsError(cat(vocabulary.string(), ": ", pieces_.size(), " pieces, but ", where, " has ", config_.vocab,
                           " tokens, which are ", kAddedTokens, " more than its vocabulary"));
  for (const WeightSpec& spec : specs)
    weights_.emplace(spec.name, backend.weight(file.arrays.at(spec.name).to_floats(), spec.shape));

  prompt_ = pieces_.encode(options.prompt);
  prompt_.insert(prompt_.begin(), pieces_.size());  // [DEC]
  search_.beams = options.beams;
  search_.max_length = int(prompt_.size()) + options.max_tokens;
  search_.min_length = options.min_length;
  search_.repetition_penalty = options.repetition_penalty;
  search_.end = pieces_.id_of("[SEP]");
  if (search_.max_length > config_.positions)
    throw UsageError(cat("captions of ", options.max_tokens, " tokens: with the prompt, the network reads ",
                         config_.positions, " at most"));
}

std::string Captioner::describe(const Image& photo) const {
  const Tensor seen = blip_encode_image(backend_, config_, scope_, square(backend_, photo, config_.image_size));
  const BlipDecoder decoder(backend_, config_, scope_, seen);
  const FoundText found = search_text(
      [&](std::span<const int64_t> ids, int64_t rows) { return backend_.to_floats(decoder.next_logits(ids, rows)); },
      prompt_, search_);
  return pieces_.decode(std::span(found.ids).subspan(prompt_.size()));
}

}  // namespace daclip
