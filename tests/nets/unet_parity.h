// The conditional U-Net against reference values, on any backend.
#pragma once

#include "fixtures.h"
#include "nets/unet.h"

namespace daclip::fixtures {

inline UnetConfig unet_config(const Json& json) {
  const Json& kwargs = json.at("kwargs");
  UnetConfig config;
  config.channels = kwargs.at("in_nc");
  config.width = kwargs.at("nf");
  config.multipliers = kwargs.at("ch_mult").get<std::vector<int>>();
  const int context = kwargs.at("context_dim");
  config.degradation_dim = kwargs.at("use_degra_context") ? context : 0;
  config.content_dim = kwargs.at("use_image_context") ? context : 0;
  if (json.value("config", "") == "wild-ir") config.first_transformer = config.levels() - 1;
  config.half_scale = kwargs.value("scale", 1.0) == 0.5;
  return config;
}

class UnetFixture {
 public:
  UnetFixture(Backend& backend, const fs::path& folder)
      : b_(backend), name_(folder.filename().string()), cases_(read_safetensors(folder / "cases.safetensors")) {
    const Json json = read_json(folder / "config.json");
    config_ = unet_config(json);
    const std::vector<WeightSpec> specs = unet_weights(config_);
    const NamedArrays file = fixture_weights(folder, json, specs);
    int64_t parameters = 0;
    for (const WeightSpec& spec : specs) {
      EXPECT_EQ(file.at(spec.name).shape, spec.shape) << spec.name;
      parameters += int64_t(file.at(spec.name).numel());
    }
    EXPECT_EQ(file.arrays.size(), specs.size());
    EXPECT_EQ(parameters, json.value("params", parameters));
    weights_ = upload(backend, file);
  }

  void check() {
    int checked = 0;
    for (const auto& [name, array] : cases_.arrays) {
      if (!name.ends_with(".xt")) continue;
      check_case(name.substr(0, name.size() - 3));
      ++checked;
    }
    EXPECT_GT(checked, 0) << name_;
  }

 private:
  void check_case(const std::string& tag) {
    Contexts contexts;
    if (cases_.has(tag + ".text_context")) contexts.degradation = from_array(b_, cases_.at(tag + ".text_context"));
    if (cases_.has(tag + ".image_context")) contexts.content = from_array(b_, cases_.at(tag + ".image_context"));
    const Scope w(weights_);
    const auto observe = [&](const std::string& block, const Tensor& x) { compare_inner(tag, block, to_nchw(b_, x)); };
    const Tensor xt = from_nchw(b_, cases_.at(tag + ".xt")), mu = from_nchw(b_, cases_.at(tag + ".cond"));
    const Tensor out = unet(b_, config_, w, xt, mu, cases_.at(tag + ".time").to_doubles(), contexts, observe);
    // From the fixtures' README: 5e-5 for largest values of 1.7 to 4.
    const std::vector<double> expected = cases_.at(tag + ".out64").to_doubles();
    expect_close(to_nchw(b_, out), expected, tolerance(b_, 1.2e-5 * largest(expected), expected), name_ + "." + tag);
    if (contexts.degradation.defined())
      compare_inner(tag, "prompt_mlp", b_.to_floats(unet_conditioning(b_, config_, w, contexts).prompt));
  }

  // The reference stores the results of some blocks, only in float32.
  void compare_inner(const std::string& tag, const std::string& block, std::span<const float> found) {
    const std::string name = tag + ".inter." + block;
    if (!cases_.has(name)) return;
    const std::vector<double> expected = cases_.at(name).to_doubles();
    expect_close(found, expected, tolerance(b_, 1.2e-5 * largest(expected), expected), name_ + "." + name);
  }

  Backend& b_;
  std::string name_;
  NamedArrays cases_;
  UnetConfig config_;
  Weights weights_;
};

// Returns false if `root` has no such fixture.
inline bool check_unet(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/kwargs/ch_mult");
  for (const fs::path& folder : folders) UnetFixture(backend, folder).check();
  return !folders.empty();
}

}  // namespace daclip::fixtures
