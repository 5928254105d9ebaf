// A complete restoration of a small picture with the reference's random numbers, on any backend.
#pragma once

#include "nets/clip_parity.h"
#include "nets/unet_parity.h"
#include "pipeline/preprocess.h"
#include "sde_fixtures.h"

namespace daclip::fixtures {

// Any number of (C,H,W) maps to (H,W,C).
inline std::vector<double> to_nhwc(std::span<const double> nchw, const Shape& shape) {
  const int64_t c = shape.at(shape.size() - 3), h = shape.at(shape.size() - 2), w = shape.at(shape.size() - 1);
  std::vector<double> nhwc(nchw.size());
  for (int64_t i = 0; i < int64_t(nchw.size()); ++i) {
    const int64_t x = i % w, y = i / w % h, channel = i / (w * h) % c, image = i / (w * h * c);
    nhwc[size_t(((image * h + y) * w + x) * c + channel)] = nchw[size_t(i)];
  }
  return nhwc;
}

class WholeRestoration {
 public:
  WholeRestoration(Backend& backend, const fs::path& folder)
      : b_(backend), json_(read_json(folder / "config.json")), cases_(read_safetensors(folder / "cases.safetensors")),
        daclip_folder_(folder / json_.at("daclip").get<std::string>()),
        unet_folder_(folder / json_.at("unet").get<std::string>()), schedule_(sde_config(json_.at("sde"))) {}

  void check() {
    const NamedArray& input = cases_.at("input_u8_hwc_rgb");
    FloatImage photo(int(input.shape.at(1)), int(input.shape.at(0)), 3);
    const std::vector<float> levels = input.to_floats();
    for (size_t i = 0; i < levels.size(); ++i) photo.data[i] = levels[i] / 255.0f;
    const Contexts contexts = analyse(photo);

    const UnetConfig config = unet_config(read_json(unet_folder_ / "config.json"));
    const Weights weights = upload(b_, read_safetensors(unet_folder_ / "weights.safetensors"));
    const Scope w(weights);
    const UnetConditioning conditioning = unet_conditioning(b_, config, w, contexts);
    const Shape shape = {1, photo.height, photo.width, 3};
    const Tensor mu = b_.from_floats(photo.data, shape);
    const auto predict = [&](double time, std::span<const double> x, std::span<double> noise) {
      const std::vector<float> state(x.begin(), x.end());
      const UnetTime at = unet_time(b_, config, w, conditioning, std::span(&time, 1));
      const Tensor xt = b_.from_floats(state, shape);
      const std::vector<float> out = b_.to_floats(unet(b_, config, w, conditioning, at, xt, mu));
      std::copy(out.begin(), out.end(), noise.begin());
    };
    int checked = 0;
    for (const int steps : json_.at("steps").get<std::vector<int>>())
      for (const SamplerKind sampler : {SamplerKind::posterior, SamplerKind::sde}) {
        const std::string name = cat(sampler_name(sampler), steps);
        if (!cases_.has(name + ".out64")) continue;
        check_run(name, sampler, steps, photo, predict);
        ++checked;
      }
    EXPECT_GT(checked, 0);
  }

 private:
  Contexts analyse(const FloatImage& photo) {
    const int size = json_.at("clip_resolution");
    const FloatImage square = clip_input(photo, {PreprocessConfig::Kind::clip, size});
    const std::vector<double> expected = to_nhwc(cases_.at("clip_in").to_doubles(), cases_.at("clip_in").shape);
    expect_close(square.data, expected, 1e-6, "e2e.clip_in");
    const ClipConfig config = clip_config(read_json(daclip_folder_ / "config.json").at("model_cfg"));
    const Weights weights = upload(b_, read_safetensors(daclip_folder_ / "weights.safetensors"));
    const ImageFeatures features =
        encode_image_controlled(b_, config, Scope(weights), b_.from_floats(square.data, {1, size, size, 3}));
    const auto compare = [&](const Tensor& found, const char* name) {
      expect_close(b_.to_floats(found), cases_.at(name).to_doubles(), 2e-5, cat("e2e.", name));
    };
    compare(features.content, "image_context");
    compare(features.degradation, "degra_context");
    return {features.content, features.degradation};
  }

  template <class Predict>
  void check_run(const std::string& name, SamplerKind sampler, int steps, const FloatImage& photo,
                 const Predict& network) {
    const std::vector<double> mu = to_nhwc(cases_.at("LQ").to_doubles(), cases_.at("LQ").shape);
    for (size_t i = 0; i < mu.size(); ++i) ASSERT_NEAR(mu[i], double(photo.data[i]), 1e-7);
    const NamedArray& start = cases_.at("init_noise");
    std::vector<double> state = to_nhwc(start.to_doubles(), start.shape);
    for (size_t i = 0; i < state.size(); ++i) state[i] = mu[i] + schedule_.max_sigma() * state[i];
    const NamedArray& recorded = cases_.at(name + ".noises");
    const std::vector<double> noises = to_nhwc(recorded.to_doubles(), recorded.shape);

    const SamplingPlan plan(schedule_, sampler, countdown(steps));
    const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
      network(plan.network_time(step), x, noise);
    };
    sample_from(state, plan, mu, predict, [&](int draw, std::span<double> z) {
      std::copy_n(noises.begin() + std::ptrdiff_t(size_t(draw - 1) * z.size()), z.size(), z.begin());
    });

    const NamedArray& wanted = cases_.at(name + ".out64");
    const std::vector<double> expected = to_nhwc(wanted.to_doubles(), wanted.shape);
    // From the fixtures' README: a random network's values grow to hundreds over all steps, so the tolerance is
    // relative.
    const bool posterior = sampler == SamplerKind::posterior;
    const double allowed =
        steps == schedule_.steps() ? (posterior ? 5e-4 : 1e-5) * largest(expected) : (posterior ? 2e-4 : 5e-6);
    expect_close(std::vector<float>(state.begin(), state.end()), expected, allowed, "e2e." + name);
    check_levels(state, name);
  }

  // Rounded to 8 bits, BGR, equal within one level.
  void check_levels(const std::vector<double>& state, const std::string& name) {
    const std::vector<int64_t> expected = cases_.at(name + ".out_u8_hwc_bgr").to_ints();
    ASSERT_EQ(expected.size(), state.size());
    for (size_t i = 0; i < state.size(); ++i) {
      const double level = std::nearbyint(std::clamp(state[i], 0.0, 1.0) * 255);
      ASSERT_NEAR(level, double(expected[i / 3 * 3 + 2 - i % 3]), 1.0) << name << " value " << i;
    }
  }

  Backend& b_;
  Json json_;
  NamedArrays cases_;
  fs::path daclip_folder_, unet_folder_;
  Schedule schedule_;
};

// Returns false if `root` has no such fixture, or lacks the networks that it was made with.
inline bool check_whole_restoration(Backend& backend, const fs::path& root) {
  int checked = 0;
  for (const fs::path& folder : folders_with(root, "/clip_resolution")) {
    const Json json = read_json(folder / "config.json");
    const auto has = [&](const char* network) {
      return fs::exists(folder / json.at(network).get<std::string>() / "weights.safetensors");
    };
    if (!has("daclip") || !has("unet")) continue;
    WholeRestoration(backend, folder).check();
    ++checked;
  }
  return checked > 0;
}

}  // namespace daclip::fixtures
