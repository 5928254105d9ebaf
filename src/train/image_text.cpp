#include "train/image_text.h"

#include <map>

#include "core/error.h"
#include "core/threads.h"
#include "data/random_streams.h"
#include "pipeline/preprocess.h"
#include "text/tokenizer.h"

namespace daclip {

ImageBatch image_batch(const TrainConfig& config, SampleStream& stream, int64_t step) {
  const size_t slots = size_t(config.data.batch), side = size_t(config.preprocess.size), size = side * side * 3;
  ImageBatch batch;
  batch.pixels.resize(slots * size);
  batch.cuts.resize(slots);
  for (size_t slot = 0; slot < slots; ++slot) batch.samples.push_back(stream.get(step, int(slot)));
  for_each_index(slots, config.run.loader_threads, [&](size_t slot) {
    const Sample& sample = *batch.samples[slot];
    Random random(stream_seed(config.run.seed, step, Stream::crop, int64_t(slot)));
    batch.cuts[slot] = random_region(sample.lq.width, sample.lq.height, config.data.region_share, random);
    const FloatImage input = clip_input(crop(sample.lq, batch.cuts[slot]), config.preprocess);
    std::copy(input.data.begin(), input.data.end(), batch.pixels.begin() + std::ptrdiff_t(slot * size));
  });
  return batch;
}

Tensor images_of(TorchBackend& backend, const TrainConfig& config, const ImageBatch& batch) {
  const int64_t side = config.preprocess.size;
  return backend.from_floats(batch.pixels, {int64_t(batch.samples.size()), side, side, 3});
}

Tokenize tokenizer_of(const Checkpoint& clip, const TextConfig& text) {
  const auto fits = [&](const auto& tokenizer) {
    if (tokenizer.vocab() != text.vocab)
      throw WeightsError(
          cat("the vocabulary has ", tokenizer.vocab(), " tokens, expected the text tower's ", text.vocab));
  };
  if (clip.metadata.contains("words")) {
    const WordTokenizer words = WordTokenizer::from_json(clip.metadata.at("words").dump(), text.context);
    fits(words);
    return [words](std::string_view sentence) { return words.tokenize(sentence); };
  }
#ifdef DACLIP_BPE
  if (!clip.arrays.has("tokenizer.merges")) return {};
  const std::vector<int64_t> ids = clip.arrays.at("tokenizer.merges").to_ints();
  const Tokenizer pairs = Tokenizer::from_merges(std::vector<int32_t>(ids.begin(), ids.end()));
  fits(pairs);
  return [pairs, context = text.context](std::string_view sentence) { return pairs.tokenize(sentence, context); };
#else
  return {};
#endif
}

torch::Tensor encode_texts(TorchBackend& backend, const ClipConfig& clip, const Weights& weights,
                           const Tokenize& tokenize, std::span<const std::string> texts) {
  std::vector<int64_t> ids;
  for (const std::string& text : texts) {
    const std::vector<int64_t> row = tokenize(text);
    ids.insert(ids.end(), row.begin(), row.end());
  }
  return TorchBackend::tensor(encode_text(backend, clip, Scope(weights) / "clip", ids)).to(torch::kFloat32);
}

torch::Tensor unit(const torch::Tensor& rows) { return rows / rows.norm(2, -1, true).clamp_min(1e-12); }

std::vector<int64_t> text_ids(std::span<const std::string> texts) {
  std::map<std::string, int64_t> known;
  std::vector<int64_t> ids;
  for (const std::string& text : texts) ids.push_back(known.try_emplace(text, int64_t(known.size())).first->second);
  return ids;
}

std::vector<std::string> label_texts(bool bare) {
  std::vector<std::string> texts;
  for (std::string_view label : kLabels)
    texts.push_back(bare ? std::string(label) : "a " + std::string(label) + " photo");
  return texts;
}

TorchOptions torch_options(const TrainConfig& config) {
  const bool cuda = config.run.device == "cuda";
  if (!cuda && config.run.precision == "tf32") throw UsageError("run.precision tf32: only CUDA devices compute in it");
  TorchOptions options;
  options.device = torch::Device(config.run.device);
  options.precision = config.run.precision == "bf16" ? DType::bf16 : DType::f32;
  options.tf32 = config.run.precision != "f32";
  options.threads = threads_or_all(config.run.threads);
  return options;
}

}  // namespace daclip
