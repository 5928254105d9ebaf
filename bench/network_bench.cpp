// Times one full-size network of the paper on the CPU engine and prints a JSON line:
//   network_bench nafnet|unet|daclip|restormer|promptir f32|bf16 SIDE THREADS [SAVE]
// SIDE is the picture's side (daclip uses its own 224). With SAVE, the random weights, inputs and output are written
// there as safetensors, so that other programs can run the same network (bench/peers.py). The environment variable
// BENCH_ROUNDS sets the number of runs; the median is reported.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "engine/native_backend.h"
#include "nets/clip.h"
#include "nets/nafnet.h"
#include "nets/restormer.h"
#include "nets/unet.h"
#include "ops/counting_backend.h"
#include "weights/safetensors.h"

using namespace daclip;

namespace {

constexpr double kTime = 37;  // the U-Net's t, 1..100
// accepted difference relative to the largest output: 8 bits of mantissa over a hundred layers
constexpr double kBfloat16 = 0.1;

// Weights and inputs, and the network as a function of a backend and of their tensors on it.
struct Case {
  std::vector<WeightSpec> weights;
  std::vector<std::pair<std::string, Shape>> inputs;
  std::function<Tensor(Backend&, const Weights&, const std::map<std::string, Tensor>&)> run;
};

Case nafnet_case(int64_t side) {
  static NafnetConfig config;
  config.degradation_dim = config.content_dim = 512;
  return {nafnet_weights(config),
          {{"lq", {1, side, side, 3}}, {"content", {1, 512}}, {"degradation", {1, 512}}},
          [](Backend& b, const Weights& w, const std::map<std::string, Tensor>& in) {
            return nafnet(b, config, Scope(w), in.at("lq"), {in.at("content"), in.at("degradation")});
          }};
}

Case unet_case(int64_t side) {
  static const UnetConfig config;
  return {unet_weights(config),
          {{"xt", {1, side, side, 3}}, {"mu", {1, side, side, 3}}, {"content", {1, 512}}, {"degradation", {1, 512}}},
          [](Backend& b, const Weights& w, const std::map<std::string, Tensor>& in) {
            const double time[] = {kTime};
            const Contexts contexts{in.at("content"), in.at("degradation")};
            return unet(b, config, Scope(w), in.at("xt"), in.at("mu"), time, contexts);
          }};
}

Case daclip_case() {
  static const ClipConfig config;
  return {daclip_weights(config, true, false),
          {{"image", {1, 224, 224, 3}}},
          [](Backend& b, const Weights& w, const std::map<std::string, Tensor>& in) {
            const ImageFeatures features = encode_image_controlled(b, config, Scope(w), in.at("image"));
            const Tensor both[] = {features.content, features.degradation};
            return b.concat(both, 1);
          }};
}

Case restormer_case(RestormerConfig config, int64_t side) {
  return {restormer_weights(config),
          {{"lq", {1, side, side, 3}}},
          [config](Backend& b, const Weights& w, const std::map<std::string, Tensor>& in) {
            return restormer(b, config, Scope(w), in.at("lq"));
          }};
}

Case find_case(const std::string& name, int64_t side) {
  if (name == "nafnet") return nafnet_case(side);
  if (name == "unet") return unet_case(side);
  if (name == "daclip") return daclip_case();
  if (name == "restormer") return restormer_case({}, side);
  if (name == "promptir") return restormer_case(promptir_config(), side);
  throw UsageError(cat("network ", name, ": expected nafnet, unet, daclip, restormer or promptir"));
}

int64_t numel(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  return count;
}

// Initialised like PyTorch's layers, so that values stay of order one; gains of norms are near one.
std::vector<float> random_weight(const WeightSpec& spec, Random& random) {
  const int64_t count = numel(spec.shape);
  std::vector<float> values(size_t(count), 0.f);
  const double spread =
      spec.shape.size() > 1 ? 1 / std::sqrt(double(std::max<int64_t>(1, count / spec.shape[0]))) : 0.1;
  const double middle = spec.init == WeightSpec::Init::ones ? 1 : 0;
  for (float& v : values) v = float(middle + spread * random.uniform(-1, 1));
  return values;
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median_seconds(const std::function<void()>& work) {
  const char* given = std::getenv("BENCH_ROUNDS");
  const int rounds = std::max(1, given ? std::atoi(given) : 7);
  work();
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const double start = seconds();
    work();
    times.push_back(seconds() - start);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[size_t(rounds / 2)];
}

// Speed of the engine's matrix product at its best shape, in GFLOP/s: an upper bound for networks.
double ceiling(NativeBackend& b) {
  constexpr int64_t kRows = 4096, kWidth = 1024;
  const auto values = [](int64_t count) { return std::vector<float>(size_t(count), 0.01f); };
  const Tensor x = b.from_floats(values(kRows * kWidth), {1, kRows, kWidth});
  const Tensor w = b.weight(values(kWidth * kWidth), {kWidth, kWidth});
  return 2e-9 * double(kRows * kWidth) * double(kWidth) / median_seconds([&] { b.linear(x, w, {}); });
}

double gflop(const Case& network) {
  CountingBackend counter;
  Weights weights;
  for (const WeightSpec& spec : network.weights) weights.emplace(spec.name, counter.parameter(spec.shape));
  std::map<std::string, Tensor> inputs;
  for (const auto& [name, shape] : network.inputs) inputs.emplace(name, counter.activation(shape));
  network.run(counter, weights, inputs);
  return 2e-9 * counter.multiply_adds();
}

// A network's random weights and inputs on a backend, identical each time. `saved` receives a copy if given.
struct Loaded {
  Weights weights;
  std::map<std::string, Tensor> inputs;

  Loaded(Backend& backend, const Case& network, NamedArrays* saved) {
    Random random(1);
    for (const WeightSpec& spec : network.weights) {
      const std::vector<float> values = random_weight(spec, random);
      weights.emplace(spec.name, backend.weight(values, spec.shape));
      if (saved) saved->arrays["weights." + spec.name] = make_array(values, spec.shape);
    }
    for (const auto& [input, shape] : network.inputs) {
      std::vector<float> values(size_t(numel(shape)), 0.f);
      for (float& v : values) v = float(random.uniform());
      inputs.emplace(input, backend.from_floats(values, shape));
      if (saved) saved->arrays["in." + input] = make_array(values, shape);
    }
  }
};

// Largest difference between `found` and the network in float32, relative to the largest value.
double difference(const Case& network, int threads, const std::vector<float>& found) {
  NativeOptions options;
  options.threads = threads;
  NativeBackend backend(options);
  const Loaded loaded(backend, network, nullptr);
  const std::vector<float> exact = backend.to_floats(network.run(backend, loaded.weights, loaded.inputs));
  double error = 0, largest = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    error = std::max(error, std::abs(double(found[i]) - double(exact[i])));
    largest = std::max(largest, std::abs(double(exact[i])));
  }
  return error / largest;
}

void bench(const std::string& name, const std::string& precision, int64_t side, int threads, const char* save) {
  NativeOptions options;
  options.threads = threads;
  options.precision = precision == "bf16" ? DType::bf16 : DType::f32;
  NativeBackend backend(options);
  const Case network = find_case(name, side);
  NamedArrays saved;
  const Loaded loaded(backend, network, save ? &saved : nullptr);

  Tensor out;
  const double time = median_seconds([&] { out = network.run(backend, loaded.weights, loaded.inputs); });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double work = gflop(network), limit = ceiling(backend);
  nlohmann::json line = {{"network", name},
                         {"program", "daclip"},
                         {"precision", precision},
                         {"threads", backend.threads()},
                         {"seconds", time},
                         {"gflop", work},
                         {"gflops", work / time},
                         {"ceiling", limit},
                         {"peak_mb", double(usage.ru_maxrss) / 1024}};
  if (options.precision == DType::bf16) {
    const double error = difference(network, threads, backend.to_floats(out));
    if (!(error < kBfloat16))
      throw Error(cat(name, " in bfloat16 differs from float32 by ", error, " of its largest value"));
    line["difference"] = error;
  }
  std::printf("%s\n", line.dump().c_str());
  if (!save) return;
  saved.arrays["out"] = make_array(backend.to_floats(out), out.shape());
  saved.metadata = nlohmann::json{{"network", name}, {"time", kTime}, {"gflop", work}}.dump();
  write_safetensors(save, saved);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    std::fprintf(stderr, "usage: network_bench nafnet|unet|daclip|restormer|promptir f32|bf16 SIDE THREADS [SAVE]\n");
    return 2;
  }
  try {
    bench(argv[1], argv[2], std::atoll(argv[3]), std::atoi(argv[4]), argc > 5 ? argv[5] : nullptr);
  } catch (const Error& e) {
    std::fprintf(stderr, "network_bench: %s\n", e.what());
    return 1;
  }
  return 0;
}
