#include "train/image_text.h"

#include <map>

#include "core/threads.h"
#include "pipeline/preprocess.h"

namespace daclip {

ImageBatch image_batch(TorchBackend& backend, const TrainConfig& config, SampleStream& stream, int64_t step) {
  ImageBatch batch;
  const int64_t side = config.preprocess.size, size = side * side * 3;
  std::vector<float> pixels(size_t(config.data.batch * size));
  for (int slot = 0; slot < config.data.batch; ++slot) {
    const auto sample = stream.get(step, slot);
    Random random(mix_seed(mix_seed(config.run.seed, uint64_t(step)), 1000 + uint64_t(slot)));
    const CropPlan cut = random_region(sample->lq.width, sample->lq.height, config.data.region_share, random);
    const FloatImage input = clip_input(crop(sample->lq, cut), config.preprocess);
    std::copy(input.data.begin(), input.data.end(), pixels.begin() + slot * size);
    batch.samples.push_back(sample);
    batch.cuts.push_back(cut);
  }
  batch.images = backend.from_floats(pixels, {config.data.batch, side, side, 3});
  return batch;
}

torch::Tensor encode_texts(TorchBackend& backend, const ClipConfig& clip, const Weights& weights,
                           const WordTokenizer& tokenizer, std::span<const std::string> texts) {
  std::vector<int64_t> ids;
  for (const std::string& text : texts) {
    const std::vector<int64_t> row = tokenizer.tokenize(text);
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

std::vector<std::string> label_texts() {
  std::vector<std::string> texts;
  for (std::string_view label : kLabels) texts.push_back("a " + std::string(label) + " photo");
  return texts;
}

TorchOptions torch_options(const TrainConfig& config) {
  TorchOptions options;
  options.device = torch::Device(config.run.device);
  options.threads = threads_or_all(config.run.threads);
  return options;
}

}  // namespace daclip
