#include "import/import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "core/files.h"
#include "engine/native_backend.h"
#include "import/published.h"
#include "model/model.h"
#include "model/network_fields.h"
#include "nets/maxim.h"
#include "pipeline/length.h"
#include "pipeline/recogniser.h"
#include "pipeline/test_photo.h"
#include "pipeline/words.h"
#include "weights/tfjs_writer.h"
#include "weights/torch_writer.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class Imports : public testing::Test {
 protected:
  fs::path write(const std::string& name, const NamedArrays& arrays) {
    write_safetensors(folder_ / name, arrays);
    return folder_ / name;
  }
  fs::path write(const std::string& name, const std::string& text) {
    write_text(folder_ / name, text);
    return folder_ / name;
  }
  fs::path daclip() { return write("daclip.safetensors", test::published_daclip()); }
  fs::path nafnet() {
    return write("nafnet.safetensors", test::random_checkpoint(nafnet_weights(test::published_nafnet()), 5));
  }
  fs::path unet(int context = 24) {
    return write("unet.safetensors", test::random_checkpoint(unet_weights(test::published_unet(context)), 4));
  }

  // All tests use the vocabulary, except those about a missing one.
  ImportOptions options() {
    ImportOptions result;
    result.vocabulary = write("vocabulary.txt", std::string(test::kSmallVocabulary));
    return result;
  }

  ImportedModel import(std::vector<fs::path> files, const ImportOptions& options) {
    return import_model(backend_, files, options);
  }

  ModelFile written(const ImportedModel& model) {
    write_safetensors(folder_ / "model.safetensors", model.arrays);
    return read_model_file(folder_ / "model.safetensors");
  }

  std::string message_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  void expect_message(const std::vector<fs::path>& files, const ImportOptions& options, const std::string& words) {
    const std::string message = message_of([&] { import(files, options); });
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }

  test::TempFolder folder_;
  NativeBackend backend_{{.threads = 1}};
};

bool has_note(const ImportedModel& model, const std::string& words) {
  return std::any_of(model.notes.begin(), model.notes.end(),
                     [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

TEST_F(Imports, clip_and_a_restoration_network_become_one_model) {
  const ImportedModel model = import({unet(), daclip()}, options());
  const ModelFile file = written(model);
  EXPECT_EQ(file.config.clip->vision.layers, 2);
  EXPECT_EQ(file.config.clip->control_order, ControlOrder::reversed);
  EXPECT_TRUE(file.config.controller);
  EXPECT_EQ(test::fields_of(*file.config.restorer)["restorer"]["multipliers"], (std::vector<int>{1, 2}));
  EXPECT_EQ(file.config.labels, std::vector<std::string>(kLabels.begin(), kLabels.begin() + kDegradationCount));
  EXPECT_TRUE(has_note(model, "width 64, 2 layers")) << model.notes.size();
  EXPECT_TRUE(has_note(model, "conditional U-Net, nf 32, ch_mult 1,2"));
  const NamedArrays original = test::published_daclip();
  EXPECT_EQ(file.arrays.at("daclip.clip.visual.proj").to_floats(), original.at("clip.visual.proj").to_floats());
}

TEST_F(Imports, the_image_tower_is_stored_once) {
  NamedArrays twice = test::published_daclip();
  const NamedArrays once = twice;
  for (const auto& [name, array] : once.arrays)
    if (name.starts_with("clip.visual.")) twice.arrays[name.substr(5)] = array;
  const ModelFile file = written(import({write("twice.safetensors", twice)}, options()));
  EXPECT_EQ(file.parameters("daclip."), written(import({daclip()}, options())).parameters("daclip."));

  twice.arrays["visual.proj"] = make_array(std::vector<float>(64 * 24, 1), {64, 24});
  expect_message({write("differ.safetensors", twice)}, options(), "visual.proj occurs twice with different values");
}

TEST_F(Imports, missing_unexpected_and_mismatched_tensors_are_reported_together) {
  NamedArrays arrays = test::published_daclip();
  arrays.arrays.erase("clip.ln_final.bias");
  arrays.arrays["clip.visual.extra"] = make_array(std::vector<float>{1}, {1});
  arrays.arrays["visual_control.proj"] = make_array(std::vector<float>(8, 1), {4, 2});
  const std::string message = message_of([&] { import({write("broken.safetensors", arrays)}, options()); });
  for (const char* words : {"broken.safetensors", "1 missing (clip.ln_final.bias)", "1 unexpected (clip.visual.extra)",
                            "1 mismatched (visual_control.proj is (4, 2), expected (64, 24))"})
    EXPECT_NE(message.find(words), std::string::npos) << message;
}

TEST_F(Imports, clip_alone_classifies_and_embeds) {
  const ImportedModel imported = import({write("open_clip.safetensors", test::plain_clip())}, options());
  EXPECT_TRUE(has_note(imported, "plain CLIP"));
  const ModelFile file = written(imported);
  EXPECT_FALSE(file.config.controller);
  const LoadedModel model = load_model(backend_, file, true);
  const Conditioning conditioning = Recogniser(backend_, model).analyse(test::test_photo(50, 40, 1));
  EXPECT_EQ(conditioning.content, conditioning.degradation);
  EXPECT_EQ(conditioning.probabilities.size(), 10u);
  // The label embeddings are the text tower's output for the bare label names.
  const std::vector<float> noisy = unit_length(TextEncoder(backend_, model).embed("noisy"));
  for (size_t i = 0; i < noisy.size(); ++i) EXPECT_NEAR(noisy[i], model.label_embedding(label_index("noisy"))[i], 1e-5);
}

TEST_F(Imports, a_restoration_network_alone_needs_clip_only_if_it_takes_contexts) {
  const ModelFile file = written(import({nafnet()}, {}));
  EXPECT_FALSE(file.config.clip);
  EXPECT_EQ(test::fields_of(*file.config.restorer)["restorer"]["encoder_blocks"], (std::vector<int>{1, 2}));
  const LoadedModel model = load_model(backend_, file);
  EXPECT_THROW(Recogniser(backend_, model), UsageError);

  EXPECT_EQ(written(import({unet(0)}, {})).config.restorer->context_dims().content, 0);
  expect_message({unet()}, {}, "needs DA-CLIP's embeddings");
  expect_message({unet(16), daclip()}, options(), "takes embeddings of 16 values");
}

TEST_F(Imports, maxim_is_read_from_a_graph_model_with_its_configuration) {
  const MaximConfig config{.features = 4,
                           .stages = 3,
                           .levels = 2,
                           .groups = 1,
                           .bottleneck_blocks = 1,
                           .high_levels = 1,
                           .high_side = 4,
                           .low_side = 2,
                           .channel_reduction = 2};
  NamedArrays weights = test::random_checkpoint(maxim_weights(config), 6);
  for (auto& [name, array] : weights.arrays) {  // a graph model has a transposed convolution's bias once
    std::vector<float> values = array.to_floats();
    if (name.ends_with("ConvTranspose_0.bias"))
      for (size_t i = 0; i < values.size(); ++i) values[i] = values[i / 4 * 4];
    array = make_array(values, array.shape);
  }
  const test::TfjsWriter graph = test::tfjs_of(weights, "call/backbone/");
  write("model.json", graph.model());
  for (const char* name : {"shard1", "shard2"}) write_file_atomically(folder_ / name, graph.shard(name));
  const ModelFile file = written(import({folder_ / "model.json"}, {}));
  EXPECT_EQ(test::fields_of(*file.config.restorer), test::fields_of(*make_maxim(config)));
  for (const auto& [name, array] : weights.arrays)
    EXPECT_EQ(file.arrays.at("restorer." + name).to_floats(), array.to_floats()) << name;
}

TEST_F(Imports, settings_missing_from_shapes_have_defaults_and_options) {
  ImportOptions changed = options();
  changed.quick_gelu = true;
  changed.control_order = ControlOrder::forward;
  changed.head_width = 32;
  changed.text_heads = 4;
  changed.max_sigma = 0.3;
  changed.timesteps = 50;
  changed.schedule = ThetaSchedule::linear;
  const ModelConfig plain = import({daclip(), unet()}, options()).config;
  const ModelConfig other = import({daclip(), unet()}, changed).config;
  EXPECT_FALSE(plain.clip->quick_gelu);
  EXPECT_EQ(plain.clip->vision.heads, 1);
  const auto published = test::fields_of(*plain.restorer)["sde"], given = test::fields_of(*other.restorer)["sde"];
  EXPECT_EQ(published["max_sigma"], 50);
  EXPECT_EQ(published["steps"], 100);
  EXPECT_TRUE(other.clip->quick_gelu);
  EXPECT_EQ(other.clip->control_order, ControlOrder::forward);
  EXPECT_EQ(other.clip->vision.heads, 2);
  EXPECT_EQ(other.clip->text.heads, 4);
  EXPECT_EQ(given["max_sigma"], 0.3);
  EXPECT_EQ(given["steps"], 50);
  EXPECT_EQ(given["schedule"], "linear");
  changed.head_width = 48;
  expect_message({daclip()}, changed, "width 64 is not a multiple of the head width 48");
}

TEST_F(Imports, configuration_files_supply_settings_and_must_agree_with_the_shapes) {
  ImportOptions configured = options();
  configured.configs = {write("config.json", std::string(R"({"model_cfg": {"embed_dim": 24, "quick_gelu": true,
        "vision_cfg": {"layers": 2, "width": 64, "head_width": 16}, "text_cfg": {"heads": 2}},
        "sde": {"max_sigma": 70, "T": 20, "schedule": "constant", "eps": 0.01}, "control_order": "forward"})"))};
  const ModelConfig config = import({daclip(), unet()}, configured).config;
  EXPECT_EQ(config.clip->vision.heads, 4);
  EXPECT_EQ(config.clip->text.heads, 2);
  EXPECT_TRUE(config.clip->quick_gelu);
  EXPECT_EQ(config.clip->control_order, ControlOrder::forward);
  const auto sde = test::fields_of(*config.restorer)["sde"];
  EXPECT_EQ(sde["max_sigma"], 70);
  EXPECT_EQ(sde["steps"], 20);
  EXPECT_EQ(sde["eps"], 0.01);
  EXPECT_EQ(sde["schedule"], "constant");

  configured.configs = {write("other.json", std::string(R"({"vision_cfg": {"layers": 12}, "embed_dim": 512})"))};
  expect_message({daclip()}, configured, "embed_dim 24 (configuration: 512), vision layers 2 (configuration: 12)");
  configured.configs = {write("bad.json", std::string(R"({"sde": {"T": "many"}})"))};
  expect_message({daclip()}, configured, "bad.json: T has the wrong type");
  configured.configs = {write("none.json", std::string("nothing"))};
  expect_message({daclip()}, configured, "none.json: expected a JSON object");
}

TEST_F(Imports, torchscript_is_imported_as_openais_clip_with_quick_gelu) {
  std::vector<test::ZipFile> files = {{"clip/constants.pkl", ""}};
  std::vector<std::pair<std::string, std::string>> attributes;
  for (const auto& [name, array] : test::plain_clip().arrays) {
    const std::string key = std::to_string(attributes.size());
    std::vector<int64_t> strides(array.shape.size(), 1);
    for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * array.shape[i];
    const std::string storage = test::pickled::storage("FloatStorage", key, int64_t(array.numel()));
    attributes.emplace_back(name, test::pickled::tensor(storage, 0, array.shape, strides));
    files.push_back({"clip/data/" + key, std::string(array.bytes.begin(), array.bytes.end())});
  }
  files.push_back({"clip/data.pkl", test::pickled::whole(test::pickled::module("CLIP", attributes))});
  const std::vector<uint8_t> bytes = test::zip(files);
  write_file_atomically(folder_ / "ViT.pt", bytes);
  EXPECT_TRUE(import({folder_ / "ViT.pt"}, options()).config.clip->quick_gelu);
  ImportOptions exact = options();
  exact.quick_gelu = false;
  EXPECT_FALSE(import({folder_ / "ViT.pt"}, exact).config.clip->quick_gelu);
}

TEST_F(Imports, a_text_tower_with_another_vocabulary_needs_that_vocabulary) {
  expect_message({daclip()}, {}, "pass its vocabulary with --vocab");
  ImportOptions wrong;
  wrong.vocabulary = write("wrong.txt", std::string("#version\na b\n"));
  expect_message({daclip()}, wrong, "the vocabulary has 515 tokens, expected the text tower's 517");
}

TEST_F(Imports, clips_standard_text_tower_embeds_labels_without_a_vocabulary_but_no_free_text) {
  ClipConfig config = test::published_clip();
  config.text.vocab = 49408;
  config.text.width = 64;
  const ImportedModel imported = import({write("clip.safetensors", test::published_daclip(config))}, {});
  EXPECT_TRUE(has_note(imported, "need --vocab"));
  const LoadedModel model = load_model(backend_, written(imported), true);
  EXPECT_EQ(Recogniser(backend_, model).analyse(test::test_photo(40, 40, 2)).probabilities.size(), 10u);
  EXPECT_NE(message_of([&] { TextEncoder(backend_, model); }).find("import it again with --vocab"), std::string::npos);
}

TEST_F(Imports, half_stores_matrices_in_16_bits_within_their_precision) {
  ImportOptions half = options();
  half.half = true;
  NamedArrays arrays = test::published_daclip();
  std::vector<float> large = arrays.at("clip.visual.proj").to_floats();
  large[0] = 1e6f;  // exceeds float16
  arrays.arrays["clip.visual.proj"] = make_array(large, {64, 24});
  const ModelFile file = written(import({write("large.safetensors", arrays)}, half));
  EXPECT_EQ(file.arrays.at("daclip.clip.visual.conv1.weight").type, ArrayType::f16);
  EXPECT_EQ(file.arrays.at("daclip.clip.visual.proj").type, ArrayType::bf16);
  EXPECT_EQ(file.arrays.at("daclip.clip.visual.ln_pre.bias").type, ArrayType::f32);
  const std::vector<float> before = arrays.at("clip.visual.conv1.weight").to_floats();
  const std::vector<float> after = file.arrays.at("daclip.clip.visual.conv1.weight").to_floats();
  for (size_t i = 0; i < before.size(); ++i) ASSERT_NEAR(after[i], before[i], std::abs(before[i]) / 1024 + 1e-7);
}

TEST_F(Imports, files_that_do_not_fit_together_are_refused) {
  expect_message({daclip(), daclip()}, options(), "both hold CLIP; a model takes one");
  expect_message({nafnet(), unet(0)}, {}, "both hold a restoration network");
  expect_message({write("other.safetensors", std::string("not a checkpoint"))}, {}, "other.safetensors");
  NamedArrays other;
  other.arrays["encoder.weight"] = make_array(std::vector<float>{1}, {1});
  expect_message({write("other.safetensors", other)}, {},
                 "none of CLIP, DA-CLIP, AirNet, MAXIM, NAFNet, PromptIR, Restormer, the conditional U-Net");
  NamedArrays bad = test::random_checkpoint(nafnet_weights(test::published_nafnet()), 5);
  bad.arrays["ending.bias"] = make_array(std::vector<float>{1, NAN, 1}, {3});
  expect_message({write("nan.safetensors", bad)}, {}, "tensor ending.bias holds NaN");
}

TEST_F(Imports, absurd_sizes_are_refused) {
  NamedArrays bad = test::published_daclip();
  bad.arrays["clip.positional_embedding"] = make_array({}, {int64_t(1) << 40, 0});
  expect_message({write("huge.safetensors", bad)}, options(), "expected dimensions from 1 to 16777216");
  bad = test::published_daclip();
  bad.arrays["clip.visual.positional_embedding"] = make_array(std::vector<float>(13 * 64), {13, 64});
  expect_message({write("odd.safetensors", bad)}, options(), "has 12 patches, expected a square");
}

}  // namespace
}  // namespace daclip
