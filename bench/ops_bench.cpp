// Speed of the CPU engine: ops_bench [threads] [f32|bf16] [side]. Measures operations at the shapes of a NAFNet of
// width 32 after a 2x pixel-unshuffle, and that network on a side x side photo. Rates are per processor second (summed
// over threads) and the best of several rounds, to reduce the influence of other programs.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>

#include "core/random.h"
#include "engine/native_backend.h"
#include "nets/nafnet.h"

using namespace daclip;

namespace {

struct Times {
  double wall = std::numeric_limits<double>::infinity(), processor = wall;
};

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

Times best_times(int rounds, const std::function<void()>& work) {
  Times best;
  for (int i = 0; i < rounds; ++i) {
    const double wall = wall_seconds(), processor = processor_seconds();
    work();
    best.wall = std::min(best.wall, wall_seconds() - wall);
    best.processor = std::min(best.processor, processor_seconds() - processor);
  }
  return best;
}

std::vector<float> random_values(const Shape& shape, double spread) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  Random random(1);
  std::vector<float> values(size_t(count), 0.0f);
  for (float& v : values) v = float(spread * random.uniform(-1, 1));
  return values;
}

class Bench {
 public:
  explicit Bench(NativeBackend& backend) : b_(backend) {}

  Tensor map(const Shape& shape) { return b_.from_floats(random_values(shape, 1), shape); }
  Tensor weight(const Shape& shape) { return b_.weight(random_values(shape, 0.1), shape); }

  // `flops` and `bytes`: lower bounds of what one call computes and moves; 0 omits a figure.
  void report(const char* name, double flops, double bytes, bool by_dnnl, const std::function<void()>& work) {
    work();
    const Times t = best_times(10, work);
    std::printf("%-20s %9.3f ms wall %9.3f ms processor %8.1f GFLOP/s %7.1f GB/s  %s\n", name, t.wall * 1e3,
                t.processor * 1e3, flops / t.processor * 1e-9, bytes / t.processor * 1e-9,
                by_dnnl ? b_.last_kernel().c_str() : "");
  }

  void run_level(int64_t side, int64_t c) {
    std::printf("-- %lld x %lld x %lld\n", (long long)side, (long long)side, (long long)c);
    const double pixels = double(side * side), size = b_.compute_dtype() == DType::f32 ? 4 : 2;
    const Tensor x = map({1, side, side, c}), wide = map({1, side, side, 2 * c}), gain = weight({c}),
                 bias = weight({2 * c});
    const Tensor conv = weight({c, c, 3, 3}), expand = weight({2 * c, c, 1, 1}), project = weight({c, c, 1, 1});
    const Tensor taps = weight({2 * c, 1, 3, 3}), down = weight({2 * c, c, 2, 2}), cells = map({1, 1, 1, c});
    const double in = pixels * double(c) * size, n = double(c);
    report("conv 3x3", 18 * n * n * pixels, 2 * in, false, [&] { b_.conv2d(x, conv, gain, {1, 1}); });
    report("conv 2x2 stride 2", 4 * n * n * pixels, 2 * in, true, [&] { b_.conv2d(x, down, bias, {2, 0}); });
    report("linear C -> 2C", 4 * n * n * pixels, 3 * in, true, [&] { b_.conv2d(x, expand, bias); });
    report("linear C -> C", 2 * n * n * pixels, 2 * in, true, [&] { b_.conv2d(x, project, gain); });
    report("depthwise 3x3 of 2C", 36 * n * pixels, 4 * in, false, [&] { b_.depthwise_conv2d(wide, taps, bias); });
    report("layer_norm", 0, 2 * in, false, [&] { b_.layer_norm(x, gain, gain, 1e-6f); });
    report("simple_gate of 2C", 0, 3 * in, false, [&] { b_.simple_gate(wide); });
    report("mul by (N,1,1,C)", 0, 2 * in, false, [&] { b_.mul(x, cells); });
    report("add_scaled", 0, 3 * in, false, [&] { b_.add_scaled(x, x, gain); });
    report("global_mean", 0, in, false, [&] { b_.global_mean(x); });
    report("gelu", 0, 2 * in, false, [&] { b_.gelu(x); });
  }

  void run_network(int64_t side) {
    NafnetConfig config;
    config.width = 32;
    config.encoder_blocks = {2, 2, 4};
    config.middle_blocks = 4;
    config.decoder_blocks = {2, 2, 2};
    config.unshuffle = 2;
    Weights weights;
    int64_t count = 0;
    for (const WeightSpec& spec : nafnet_weights(config)) {
      weights.emplace(spec.name, weight(spec.shape));
      count += weights.at(spec.name).numel();
    }
    const Tensor photo = map({1, side, side, 3});
    const auto run = [&] { b_.to_floats(nafnet(b_, config, Scope(weights), photo)); };
    const Times first = best_times(1, run), later = best_times(8, run);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "NAFNet of %.2f M parameters, %lld x %lld: first %.3f s wall, %.3f s processor, then %.3f s, %.3f s; peak "
        "memory %.0f MB\n",
        double(count) * 1e-6, (long long)side, (long long)side, first.wall, first.processor, later.wall,
        later.processor, double(usage.ru_maxrss) / 1024);
  }

 private:
  NativeBackend& b_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    NativeOptions options;
    options.threads = argc > 1 ? std::atoi(argv[1]) : 0;
    options.precision = argc > 2 && std::strcmp(argv[2], "bf16") == 0 ? DType::bf16 : DType::f32;
    const int64_t side = argc > 3 ? std::atoll(argv[3]) : 512;
    NativeBackend backend(options);
    std::printf("%d threads, %s\n", backend.threads(), dtype_name(options.precision));
    Bench bench(backend);
    bench.run_network(side);
    for (int64_t level = 0; level < 4; ++level) bench.run_level(side >> (level + 1), 32 << level);
  } catch (const Error& e) {
    std::fprintf(stderr, "ops_bench: %s\n", e.what());
    return 1;
  }
  return 0;
}
