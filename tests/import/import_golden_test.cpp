#include <gtest/gtest.h>

#include "engine/native_backend.h"
#include "import/import_parity.h"
#include "import/label_tokens.h"
#include "model/network_fields.h"
#include "pipeline/words.h"

namespace daclip {
namespace {

using namespace fixtures;

TEST(ImportGolden, imported_checkpoints_classify_as_the_reference_does) {
  NativeBackend backend({.threads = 1});
  if (!check_imports(backend, golden_root())) GTEST_SKIP() << "no checkpoints in " << golden_root();
}

TEST(ImportGolden, clip_is_detected_as_its_configuration_says) {
  const std::vector<fs::path> folders = folders_with(golden_root(), "/model_cfg/vision_cfg");
  if (folders.empty()) GTEST_SKIP() << "no DA-CLIP in " << golden_root();
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.string());
    const Json model = read_json(folder / "config.json").at("model_cfg");
    const ClipConfig expected = clip_config(model);
    NamedArrays arrays = read_safetensors(folder / "weights.safetensors");
    EXPECT_TRUE(holds_clip(arrays, "x"));
    tidy_clip_names(arrays, "x");
    const ClipHints hints = {expected.vision.width / expected.vision.heads, expected.text.heads};
    const DetectedClip found = detect_clip(arrays, hints, "x");
    EXPECT_TRUE(found.controller);
    EXPECT_EQ(found.config.embedding, expected.embedding);
    EXPECT_EQ(found.config.vision.image_size, expected.vision.image_size);
    EXPECT_EQ(found.config.vision.patch, expected.vision.patch);
    EXPECT_EQ(found.config.vision.width, expected.vision.width);
    EXPECT_EQ(found.config.vision.layers, expected.vision.layers);
    EXPECT_EQ(found.config.vision.heads, expected.vision.heads);
    EXPECT_EQ(found.config.text.context, expected.text.context);
    EXPECT_EQ(found.config.text.vocab, expected.text.vocab);
    EXPECT_EQ(found.config.text.width, expected.text.width);
    EXPECT_EQ(found.config.text.layers, expected.text.layers);
  }
}

TEST(ImportGolden, the_unet_is_detected_as_its_configuration_says) {
  const std::vector<fs::path> folders = folders_with(golden_root(), "/kwargs/nf");
  if (folders.empty()) GTEST_SKIP() << "no U-Net in " << golden_root();
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.string());
    const Json kwargs = read_json(folder / "config.json").at("kwargs");
    const NamedArrays arrays = read_safetensors(folder / "weights.safetensors");
    const NetworkType& type = detect_network_type(arrays, "x");
    EXPECT_EQ(type.name, "unet");
    const std::unique_ptr<RestorationNetwork> network = type.detect(arrays, "x");
    const Json found = Json::parse(test::fields_of(*network)["restorer"].dump());
    const int context = kwargs.at("context_dim");
    EXPECT_EQ(found["width"], kwargs.at("nf"));
    EXPECT_EQ(found["channels"], kwargs.at("in_nc"));
    EXPECT_EQ(found["multipliers"], kwargs.at("ch_mult"));
    EXPECT_EQ(network->context_dims().degradation, kwargs.at("use_degra_context") ? context : 0);
    EXPECT_EQ(network->context_dims().content, kwargs.at("use_image_context") ? context : 0);
    EXPECT_EQ(found["half_scale"], kwargs.value("scale", 1.0) == 0.5);
    // The file holds exactly the weights that the detected configuration needs.
    const std::vector<WeightSpec> specs = network->weights();
    EXPECT_EQ(specs.size(), arrays.arrays.size());
    for (const WeightSpec& spec : specs) EXPECT_EQ(arrays.at(spec.name).shape, spec.shape) << spec.name;
  }
}

TEST(ImportGolden, nafnet_is_detected_as_its_configuration_says) {
  const std::vector<fs::path> folders = folders_with(golden_root(), "/kwargs/enc_blk_nums");
  if (folders.empty()) GTEST_SKIP() << "no NAFNet in " << golden_root();
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.string());
    const Json config = read_json(folder / "config.json"), kwargs = config.at("kwargs");
    const NamedArrays arrays = read_safetensors(folder / config.value("weights", "weights.safetensors"));
    const NetworkType& type = detect_network_type(arrays, "x");
    EXPECT_EQ(type.name, "nafnet");
    const Json found = Json::parse(test::fields_of(*type.detect(arrays, "x"))["restorer"].dump());
    EXPECT_EQ(found["channels"], kwargs.at("img_channel"));
    EXPECT_EQ(found["width"], kwargs.at("width"));
    EXPECT_EQ(found["middle_blocks"], kwargs.at("middle_blk_num"));
    EXPECT_EQ(found["encoder_blocks"], kwargs.at("enc_blk_nums"));
    EXPECT_EQ(found["decoder_blocks"], kwargs.at("dec_blk_nums"));
  }
}

TEST(ImportGolden, the_built_in_label_tokens_match_the_vocabulary) {
  if (!fs::exists(vocabulary_in(golden_root()))) GTEST_SKIP() << "no vocabulary in " << golden_root();
  const Tokenizer tokenizer = Tokenizer::load(vocabulary_in(golden_root()));
  for (const PublishedLabel& label : published_labels())
    EXPECT_EQ(label_tokens(label, 77), tokenizer.tokenize(label.name)) << label.name;
}

// The text tower of an imported model embeds free text with the vocabulary stored in the model file.
TEST(ImportGolden, words_embed_as_the_reference_does) {
  NativeBackend backend({.threads = 1});
  bool checked = false;
  for (const fs::path& folder : folders_with(golden_root(), "/captions")) {
    const Json config = read_json(folder / "config.json");
    if (!config.contains("model_cfg") || !fs::exists(vocabulary_in(golden_root()))) continue;
    ImportOptions options;
    options.configs = {folder / "config.json"};
    options.vocabulary = vocabulary_in(golden_root());
    const std::vector<fs::path> files = {folder / "weights.safetensors"};
    const test::TempFolder temporary;
    write_safetensors(temporary / "model.safetensors", import_model(backend, files, options).arrays);
    const LoadedModel model = load_model(backend, read_model_file(temporary / "model.safetensors"), true);
    const TextEncoder encoder(backend, model);
    std::vector<float> found;
    for (const Json& caption : config.at("captions")) {
      const std::vector<float> embedding = encoder.embed(caption.get<std::string>());
      found.insert(found.end(), embedding.begin(), embedding.end());
    }
    const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
    expect_close(found, cases.at("out64.text_caption").to_doubles(), 2e-5, folder.filename().string() + ".captions");
    checked = true;
  }
  if (!checked) GTEST_SKIP() << "no captions or no vocabulary in " << golden_root();
}

}  // namespace
}  // namespace daclip
