// CLIP's towers and the controller against reference values, on any backend.
#pragma once

#include "fixtures.h"
#include "nets/clip.h"

namespace daclip::fixtures {

inline ClipConfig clip_config(const Json& model) {
  ClipConfig config;
  config.embedding = model.at("embed_dim");
  const Json& vision = model.at("vision_cfg");
  config.vision.image_size = vision.at("image_size");
  config.vision.layers = vision.at("layers");
  config.vision.width = vision.at("width");
  config.vision.patch = vision.at("patch_size");
  config.vision.heads = config.vision.width / vision.value("head_width", 64);
  const Json& text = model.at("text_cfg");
  config.text.context = text.at("context_length");
  config.text.vocab = text.at("vocab_size");
  config.text.width = text.at("width");
  config.text.heads = text.at("heads");
  config.text.layers = text.at("layers");
  return config;
}

class ClipFixture {
 public:
  ClipFixture(Backend& backend, const fs::path& folder)
      : b_(backend), name_(folder.filename().string()),
        config_(clip_config(read_json(folder / "config.json").at("model_cfg"))),
        cases_(read_safetensors(folder / "cases.safetensors")) {
    const NamedArrays file = read_safetensors(folder / "weights.safetensors");
    const std::vector<WeightSpec> specs = daclip_weights(config_, true, true);
    for (const WeightSpec& spec : specs) {
      const Shape& shape = file.at(spec.name).shape;
      EXPECT_EQ(shape.empty() ? Shape{1} : shape, spec.shape) << spec.name;
    }
    EXPECT_EQ(file.arrays.size(), specs.size());
    weights_ = upload(backend, file);
    image_ = from_nchw(backend, cases_.at("image"));
  }

  void check() {
    const Scope w(weights_);
    const Tensor plain = encode_image(b_, config_.vision, config_.quick_gelu, w / "clip" / "visual", image_);
    compare("clip_image", plain);
    compare_unit("clip_image_norm", plain);
    const ImageFeatures features = encode_image_controlled(b_, config_, w, image_);
    compare("control_image", features.content);
    compare("control_degra", features.degradation);
    compare_unit("control_image_norm", features.content);
    compare_unit("control_degra_norm", features.degradation);
    compare_unit("fwd.image_features", features.content);
    compare_unit("fwd.image_degra_features", features.degradation);
    for (size_t i = 0; i < features.hidden.size(); ++i) compare_hidden(cat("out.hidden", i), features.hidden[i]);

    compare("text_caption", text("tokens_caption"));
    compare_unit("text_caption_norm", text("tokens_caption"));
    compare_unit("fwd.text_features", text("tokens_caption"));
    compare("text_degra", text("tokens_degra"));
    compare_unit("fwd.text_degra_features", text("tokens_degra"));
    if (cases_.has("tokens_extra")) compare_unit("text_extra_norm", text("tokens_extra"));
    if (cases_.has("tokens_deg10")) check_probabilities(features.degradation);
    if (cases_.has("quickgelu.clip_image")) check_quick_gelu();
  }

 private:
  static constexpr double kFeatureTolerance = 2e-5, kUnitTolerance = 3e-6;  // from the fixtures' README

  Tensor text(const std::string& tokens) {
    return encode_text(b_, config_, Scope(weights_) / "clip", cases_.at(tokens).to_ints());
  }

  void check_values(const std::string& name, const Tensor& found, const std::vector<double>& expected, double exact) {
    expect_close(b_.to_floats(found), expected, tolerance(b_, exact, expected), name_ + "." + name);
  }

  void compare(const std::string& name, const Tensor& found) {
    const std::string wide = "out64." + name;  // some values exist only in float32
    const NamedArray& expected = cases_.at(cases_.has(wide) ? wide : "out." + name);
    check_values(name, found, expected.to_doubles(), kFeatureTolerance);
  }

  void compare_unit(const std::string& name, const Tensor& found) {
    check_values(name, b_.normalize(found), cases_.at("out64." + name).to_doubles(), kUnitTolerance);
  }

  // The reference stores (T,N,W).
  void compare_hidden(const std::string& name, const Tensor& found) {
    const std::vector<float> values = b_.to_floats(found);
    const size_t n = size_t(found.dim(0)), t = size_t(found.dim(1)), width = size_t(found.dim(2));
    std::vector<float> turned(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = i % width, token = i / width % t, image = i / (width * t);
      turned[(token * n + image) * width + channel] = values[i];
    }
    const std::vector<double> expected = cases_.at(name).to_doubles();
    expect_close(turned, expected, tolerance(b_, 1e-5 * largest(expected), expected), name_ + "." + name);
  }

  // softmax(exp(logit_scale) * cosine) over the ten degradation texts.
  void check_probabilities(const Tensor& degradation) {
    const Tensor image = b_.normalize(degradation), labels = b_.normalize(text("tokens_deg10"));
    const float factor = std::exp(b_.to_floats(weights_.at("logit_scale")).at(0));
    const Tensor cosines = b_.matmul(b_.reshape(image, {1, image.dim(0), image.dim(1)}),
                                     b_.reshape(labels, {1, labels.dim(0), labels.dim(1)}), true);
    check_values("degra_probs", b_.softmax(b_.scale(cosines, factor)), cases_.at("out64.degra_probs").to_doubles(),
                 kFeatureTolerance);
  }

  void check_quick_gelu() {
    ClipConfig config = config_;
    config.quick_gelu = true;
    const Scope w(weights_);
    const auto same = [&](const std::string& name, const Tensor& found) {
      check_values(name, found, cases_.at(name).to_doubles(), kFeatureTolerance);
    };
    same("quickgelu.clip_image", encode_image(b_, config.vision, true, w / "clip" / "visual", image_));
    const ImageFeatures features = encode_image_controlled(b_, config, w, image_);
    same("quickgelu.control_image", features.content);
    same("quickgelu.control_degra", features.degradation);
    same("quickgelu.text_caption", encode_text(b_, config, w / "clip", cases_.at("tokens_caption").to_ints()));
  }

  Backend& b_;
  std::string name_;
  ClipConfig config_;
  NamedArrays cases_;
  Weights weights_;
  Tensor image_;
};

// Returns false if `root` has no such fixture.
inline bool check_clip(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/model_cfg/vision_cfg");
  for (const fs::path& folder : folders) ClipFixture(backend, folder).check();
  return !folders.empty();
}

}  // namespace daclip::fixtures
