#include "model/complexity.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "core/random.h"
#include "nets/registry.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

Tensor picture(Backend& b, int64_t height, int64_t width) {
  return b.from_floats(std::vector<float>(size_t(height * width * 3), 0.5f), {1, height, width, 3});
}

Tensor context(Backend& b, int64_t length) {
  return length > 0 ? b.from_floats(std::vector<float>(size_t(length), 0.1f), {1, length}) : Tensor();
}

Network image_network(const std::string& name, const ClipConfig& clip, bool controller) {
  const int side = clip.vision.image_size;
  return {name,
          daclip_weights(clip, controller, false),
          side,
          side,
          1,
          [clip, controller, side](Backend& b, const Weights& w) {
            const Tensor image = picture(b, side, side);
            if (controller)
              b.to_floats(encode_image_controlled(b, clip, Scope(w), image).content);
            else
              b.to_floats(encode_image(b, clip.vision, clip.quick_gelu, Scope(w, "clip.visual."), image));
          }};
}

Network text_network(const std::string& name, const ClipConfig& clip) {
  std::vector<WeightSpec> weights = daclip_weights(clip, false, true);
  std::erase_if(weights, [](const WeightSpec& spec) { return spec.name.starts_with("clip.visual."); });
  return {name, std::move(weights), 0, 0, 1, [clip](Backend& b, const Weights& w) {
            std::vector<int64_t> ids(size_t(clip.text.context), 0);
            ids[0] = clip.text.vocab - 2;
            ids[1] = clip.text.vocab - 1;
            b.to_floats(encode_text(b, clip, Scope(w, "clip."), ids));
          }};
}

Network damage_network(const DamageConfig& config) {
  return {
      "damage network", damage_weights(config), config.view, config.view, 1, [config](Backend& b, const Weights& w) {
        const auto size = size_t(3 * config.grid * config.grid * config.tile * config.tile);
        const Tensor tiles =
            b.from_floats(std::vector<float>(size, 0.5f), {config.grid * config.grid, config.tile, config.tile, 3});
        b.to_floats(damage_logits(b, config, Scope(w), picture(b, config.view, config.view), tiles));
      }};
}

Network instruction_network(const InstructionConfig& config) {
  return {"instruction network", instruction_weights(config), 0, 0, 1, [config](Backend& b, const Weights& w) {
            b.to_floats(instruction_logits(b, config, Scope(w), std::vector<int64_t>(size_t(config.text.context), 0)));
          }};
}

Network restoration(const std::string& name, std::shared_ptr<const RestorationNetwork> network, int height, int width) {
  Network result{name, network->weights(), height, width, network->default_evaluations(), {}};
  result.restores = true;
  result.run = [network = std::move(network), height, width](Backend& b, const Weights& w) {
    const ContextDims dims = network->context_dims();
    const Contexts contexts{context(b, dims.content), context(b, dims.degradation)};
    b.to_floats(network->evaluate(b, Scope(w), picture(b, height, width), contexts));
  };
  return result;
}

std::vector<float> random_values(const WeightSpec& spec, Random& random) {
  int64_t count = 1;
  for (const int64_t d : spec.shape) count *= d;
  const double fan_in = spec.shape.size() > 1 ? double(count) / double(spec.shape[0]) : 100;
  const double middle = spec.init == WeightSpec::Init::ones ? 1 : 0;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = float(middle + random.uniform(-1, 1) / std::sqrt(std::max(1.0, fan_in)));
  return values;
}

// Restarts the kernel's record of the peak resident size (Linux).
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

uint64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::vector<Network> networks_of(const ModelConfig& config, int height, int width) {
  std::vector<Network> networks;
  if (config.clip) {
    networks.push_back(image_network(config.controller ? "image tower and controller" : "image tower", *config.clip,
                                     config.controller));
    if (config.text_tower) networks.push_back(text_network("text tower", *config.clip));
  }
  if (config.damage) networks.push_back(damage_network(*config.damage));
  if (config.instruction) networks.push_back(instruction_network(*config.instruction));
  if (config.restorer)
    networks.push_back(restoration(std::string(config.restorer->type().title), config.restorer, height, width));
  return networks;
}

std::vector<Network> published_networks(int height, int width) {
  const ClipConfig base;  // ViT-B/32
  ClipConfig large;
  large.vision = {.image_size = 224, .patch = 14, .width = 1024, .layers = 24, .heads = 16};
  large.text = {.context = 77, .vocab = 49408, .width = 768, .layers = 12, .heads = 12};
  large.embedding = 768;
  std::vector<Network> networks = {image_network("DA-CLIP ViT-B/32", base, true),
                                   text_network("text tower of ViT-B/32", base),
                                   image_network("DA-CLIP ViT-L/14", large, true)};
  for (const NetworkType* type : network_types())
    for (const PublishedNetwork& published : type->published())
      networks.push_back(restoration(published.name, published.network, height, width));
  return networks;
}

NetworkCost count(const Network& network) {
  CountingBackend counter;
  Weights weights;
  for (const WeightSpec& spec : network.weights) weights.emplace(spec.name, counter.parameter(spec.shape));
  network.run(counter, weights);
  NetworkCost cost;
  cost.parameters = counter.parameters();
  cost.multiply_adds = counter.multiply_adds();
  return cost;
}

NetworkCost measure(const Network& network, const std::function<std::unique_ptr<Backend>()>& backend, int rounds) {
  NetworkCost cost = count(network);
  const std::unique_ptr<Backend> engine = backend();
  Weights weights;
  Random random(1);
  for (const WeightSpec& spec : network.weights)
    weights.emplace(spec.name, engine->weight(random_values(spec, random), spec.shape));
  forget_peak();
  std::vector<double> seconds;
  for (int i = 0; i <= rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    network.run(*engine, weights);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  cost.peak_bytes = peak_bytes();
  seconds.erase(seconds.begin());
  std::nth_element(seconds.begin(), seconds.begin() + std::ptrdiff_t(seconds.size() / 2), seconds.end());
  cost.seconds = seconds[seconds.size() / 2];
  return cost;
}

}  // namespace daclip
