#include "train/restoration_data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/threads.h"
#include "data/random_streams.h"
#include "train/checkpoint.h"

namespace daclip {
namespace {

constexpr int kValidationSide = 256;  // the middle of each held-out photo is restored

constexpr double kLargestDoubt = 0.8;  // the other label's largest fraction under label_noise, on damaged photos

double psnr(const torch::Tensor& a, const torch::Tensor& b) {
  const double mse = (a.to(torch::kFloat64) - b.to(torch::kFloat64)).square().mean().item<double>();
  return mse > 0 ? std::min(100.0, -10 * std::log10(mse)) : 100.0;
}

SamplerConfig sampler_config(const TrainConfig& config) {
  SamplerConfig sampler = config.sampler;
  sampler.min_side = config.data.crop;
  return sampler;
}

// Of the networks' weights, the layers that take the degradation embedding and those that take the content embedding.
bool takes_degradation(std::string_view name) {
  return name == "prompt_mlp.0.weight" || name == "text_mlp.0.weight";  // NAFNet, U-Net
}
bool takes_content(std::string_view name, std::string_view network) {
  return network == "unet" ? name.find(".attn2.") != name.npos : name.starts_with("mid_attn.");
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kNamed = 4;
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, names.size()); ++i) text += cat(i > 0 ? ", " : "", names[i]);
  return names.size() > kNamed ? cat(text, " and ", names.size() - kNamed, " more") : text;
}

}  // namespace

TrainConfig with_contexts(TrainConfig config) {
  if (config.init.daclip.empty()) config.restorer = with_context_dims(*config.restorer, {});
  return config;
}

RestorationData::RestorationData(const TrainConfig& config, TorchBackend& backend)
    : config_(config), backend_(backend), data_(load_dataset(config)), sampler_(data_.train, sampler_config(config)),
      stream_(sampler_, config.run.loader_threads), contexts_(size_t(config.data.batch)) {
  if (!config.init.daclip.empty()) {
    encoder_ = std::make_unique<DaclipEncoder>(backend_, config.init.daclip);
    const ContextDims dims = config.restorer->context_dims();
    for (const int length : {dims.degradation, dims.content})
      if (length != 0 && length != encoder_->embedding())
        throw UsageError(
            cat("restorer: degradation_dim and content_dim must be 0 or the DA-CLIP's ", encoder_->embedding()));
  }
  if (config.data.crop % config.restorer->multiple() != 0)  // the network would learn the zeros that it pads with
    throw UsageError(cat("data.crop ", config.data.crop, ": expected a multiple of ", config.restorer->multiple()));
  prepare_validation();
}

RestorationData::Batch RestorationData::make_batch(int64_t step) {
  const size_t slots = size_t(config_.data.batch), side = size_t(config_.data.crop), size = side * side * 3;
  Batch batch{{}, std::vector<float>(slots * size), std::vector<float>(slots * size), {}};
  batch.shape = {int64_t(slots), int64_t(side), int64_t(side), 3};
  for (size_t slot = 0; slot < slots; ++slot) batch.samples.push_back(stream_.get(step, int(slot)));
  for_each_index(slots, config_.run.loader_threads, [&](size_t slot) {
    const Sample& sample = *batch.samples[slot];
    Random random(stream_seed(config_.run.seed, step, Stream::crop, int64_t(slot)));
    const CropPlan plan = random_square(sample.gt.width, sample.gt.height, int(side), random);
    crop_into(sample.lq, plan, batch.lq.data() + slot * size);
    crop_into(sample.gt, plan, batch.gt.data() + slot * size);
  });
  return batch;
}

// The whole photo's embeddings, computed once for as long as the slot keeps it.
const DaclipEncoder::Embeddings& RestorationData::slot_context(int64_t step, int slot, const Sample& sample) {
  SlotContext& cached = contexts_[size_t(slot)];
  if (const int64_t serial = sampler_.serial(step, slot); cached.serial != serial) cached = {serial, encode(sample.lq)};
  return cached.embeddings;
}

DaclipEncoder::Embeddings RestorationData::encode(const FloatImage& lq) {
  DaclipEncoder::Embeddings embeddings = encoder_->encode(lq);
  if (config_.loss.steering == "labels") embeddings.degradation = encoder_->label_mixture(embeddings.degradation);
  return embeddings;
}

Contexts RestorationData::contexts(int64_t step, const Batch& batch) {
  Contexts contexts;
  if (!encoder_) return contexts;
  const ContextDims dims = config_.restorer->context_dims();
  Random random(stream_seed(config_.run.seed, step, Stream::contexts));
  if (random.chance(config_.loss.context_dropout)) return contexts;
  if (random.chance(config_.loss.label_share)) {
    if (dims.degradation > 0) contexts.degradation = label_contexts(batch.samples, random);
    return contexts;
  }
  const int side = config_.data.crop;
  const size_t size = batch.lq.size() / batch.samples.size();
  std::vector<torch::Tensor> content, degradation;
  for (size_t slot = 0; slot < batch.samples.size(); ++slot) {
    DaclipEncoder::Embeddings of_crop;
    if (config_.loss.context_of == "crop") {
      FloatImage crop(side, side, 3);
      std::copy_n(batch.lq.begin() + std::ptrdiff_t(slot * size), size, crop.data.begin());
      of_crop = encode(crop);
    }
    const DaclipEncoder::Embeddings& context =
        of_crop.content.defined() ? of_crop : slot_context(step, int(slot), *batch.samples[slot]);
    degradation.push_back(context.degradation);
    content.push_back(context.content);
  }
  if (dims.degradation > 0) contexts.degradation = as_activation(torch::cat(degradation));
  if (dims.content > 0) contexts.content = as_activation(torch::cat(content));
  return contexts;
}

Tensor RestorationData::as_activation(const torch::Tensor& x) const {
  return TorchBackend::wrap(x.to(backend_.compute_dtype() == DType::bf16 ? torch::kBFloat16 : torch::kFloat32));
}

// The sum of the embeddings of a sample's kinds, or the embedding of "clean". With label_noise they lose weight to
// another label, as an uncertain recognition mixes them. (N,E)
// A DA-CLIP without the label "clean" steers good photos by zeros.
Tensor RestorationData::label_contexts(const std::vector<std::shared_ptr<const Sample>>& samples,
                                       Random& random) const {
  constexpr size_t kCount = kLabels.size();
  std::vector<float> shares(samples.size() * kCount);
  for (size_t slot = 0; slot < samples.size(); ++slot) {
    float* share = shares.data() + slot * kCount;
    const Sample& sample = *samples[slot];
    double doubt = random.chance(config_.loss.label_noise) ? random.uniform() : 0;
    if (sample.label != kClean) {
      doubt *= kLargestDoubt;
    } else if (doubt > 0.5) {
      doubt = 1;  // a wrong label should not harm a good photo
    }
    share[sample.label] += float(1 - doubt);
    for (int kind = 0; kind < kDegradationCount; ++kind)
      if (kind != sample.label && sample.severity[size_t(kind)] > 0) share[kind] += float(1 - doubt);
    share[sampler_.pick_label(random)] += float(doubt);
  }
  const torch::Tensor mixture = torch::tensor(shares).view({-1, int64_t(kCount)}).to(backend_.device());
  const torch::Tensor& labels = encoder_->labels();
  return as_activation(mixture.slice(1, 0, labels.size(0)).matmul(labels));
}

NamedParams RestorationData::starting_params() const {
  NamedParams params = make_params(config_.restorer->weights(), config_.run.seed, backend_.device());
  if (config_.init.residual_gain != 0) {
    const torch::NoGradGuard no_grad;
    for (NamedParam& param : params)
      if (param.name.ends_with(".beta") || param.name.ends_with(".gamma"))
        param.value.fill_(config_.init.residual_gain);
  }
  if (!config_.init.restorer.empty()) continue_from(params);
  return params;
}

void RestorationData::continue_from(NamedParams& params) const {
  const std::string& path = config_.init.restorer;
  NamedArrays arrays = read_restorer_weights(path);
  const std::string_view network = config_.restorer->type().name;
  // A model file may hold another DA-CLIP: its content embeddings differ, so the layers that take them are left out,
  // and its labels are translated.
  const auto labels = arrays.arrays.find("labels");
  const bool other_daclip =
      encoder_ && labels != arrays.arrays.end() && !encoder_->has_labels(labels->second.to_floats());
  if (other_daclip) std::erase_if(arrays.arrays, [&](const auto& item) { return takes_content(item.first, network); });
  const std::vector<std::string> missing = load_params(params, arrays, "");
  const size_t loaded = params.size() - missing.size();
  if (loaded == 0)
    throw WeightsError(cat("init.restorer: ", path, ": holds none of the ", params.size(), " tensors of ",
                           config_.restorer->type().title, " as [restorer] configures it"));
  std::fprintf(stderr, "init.restorer: %s: %zu of %zu tensors loaded%s%s\n", path.c_str(), loaded, params.size(),
               missing.empty() ? "" : "; new: ", listed(missing).c_str());
  if (other_daclip) translate_labels(params, labels->second);
}

// Rotates the prompt module's input, so that it responds to each label of this DA-CLIP as it did to the same label of
// the model's. Both sets of labels are orthonormal.
void RestorationData::translate_labels(NamedParams& params, const NamedArray& labels) const {
  const torch::NoGradGuard no_grad;
  const torch::Tensor& now = encoder_->labels();
  if (labels.shape != now.sizes().vec())
    throw WeightsError(cat(config_.init.restorer, ": labels: expected shape ", to_string(now.sizes().vec()), ", found ",
                           to_string(labels.shape)));
  const torch::Tensor before = TorchBackend::tensor(backend_.weight(labels.to_floats(), labels.shape));
  for (NamedParam& param : params)
    if (takes_degradation(param.name)) param.value += param.value.matmul((before - now).t()).matmul(now);
}

torch::Tensor RestorationData::to_tensor(const FloatImage& image) const {
  return TorchBackend::tensor(backend_.weight(image.data, {1, image.height, image.width, 3}));
}

void RestorationData::prepare_validation() {
  if (config_.run.validate_interval == 0) return;
  const size_t photos = std::min(data_.holdout.size(), size_t(config_.data.validation_photos));
  if (photos == 0) throw UsageError("data.holdout: no photo left for validation");
  const ContextDims dims = config_.restorer->context_dims();
  for (int label = 0; label < int(kLabels.size()); ++label) {
    for (size_t i = 0; i < photos; ++i) {
      const Sample sample = validation_sample(data_, i, label);
      Held held{
          label, to_tensor(centre(sample.lq, kValidationSide)), to_tensor(centre(sample.gt, kValidationSide)), {}};
      if (encoder_) {
        const DaclipEncoder::Embeddings context =
            config_.loss.label_share == 1
                ? encoder_->label(label)
                : encode(config_.loss.context_of == "crop" ? centre(sample.lq, kValidationSide) : sample.lq);
        if (dims.degradation > 0) held.contexts.degradation = as_activation(context.degradation);
        if (dims.content > 0 && context.content.defined()) held.contexts.content = as_activation(context.content);
      }
      validation_.push_back(std::move(held));
    }
  }
}

nlohmann::json RestorationData::validate(const Restore& restore, std::string& summary, const Distance& distance) const {
  const torch::NoGradGuard no_grad;
  std::array<double, kLabels.size()> before{}, after{}, far{}, count{};
  for (const Held& held : validation_) {
    const torch::Tensor restored = restore(held).to(torch::kFloat32).clamp(0, 1);
    const auto label = size_t(held.label);
    before[label] += psnr(held.lq, held.gt);
    after[label] += psnr(restored, held.gt);
    if (distance) far[label] += distance(restored, held.gt);
    count[label] += 1;
  }
  nlohmann::json result;
  double gain = 0, mean_distance = 0;
  std::string line;
  for (size_t i = 0; i < kLabels.size(); ++i) {
    const double from = before[i] / count[i], to = after[i] / count[i];
    nlohmann::json& entry = result[std::string(kLabels[i])] = {{"input", from}, {"psnr", to}};
    if (distance) entry["lpips"] = far[i] / count[i];
    char text[96];
    std::snprintf(text, sizeof text, " %s %.2f>%.2f", std::string(kLabels[i]).c_str(), from, to);
    line += text;
    if (int(i) == kClean) continue;
    gain += (to - from) / kDegradationCount;
    mean_distance += far[i] / count[i] / kDegradationCount;
  }
  result["gain"] = gain;
  summary = cat("mean gain ", std::round(gain * 100) / 100, " dB");
  if (distance) {
    result["lpips"] = mean_distance;
    summary += cat(", LPIPS ", std::round(mean_distance * 10000) / 10000);
  }
  summary += ":" + line;
  return result;
}

FloatImage to_image(const torch::Tensor& picture) {
  const torch::Tensor host = picture.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  FloatImage image(int(host.size(2)), int(host.size(1)), int(host.size(3)));
  std::copy_n(host.data_ptr<float>(), image.data.size(), image.data.begin());
  return image;
}

}  // namespace daclip
