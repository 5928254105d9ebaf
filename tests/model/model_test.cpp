#include "model/model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "engine/native_backend.h"
#include "pipeline/temp_folder.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class ModelFiles : public testing::Test {
 protected:
  std::filesystem::path write(const NamedArrays& arrays) {
    const std::filesystem::path path = folder_ / "model.safetensors";
    write_safetensors(path, arrays);
    return path;
  }
  test::TempFolder folder_;
};

TEST_F(ModelFiles, a_complete_one_loads) {
  const ModelFile file = read_model_file(write(test::tiny_model()));
  EXPECT_EQ(file.config.name, "tiny");
  EXPECT_EQ(file.parameters(), file.parameters("daclip.") + file.parameters("restorer.") + 11 * 16);
  const auto backend = std::make_unique<NativeBackend>();
  const LoadedModel model = load_model(*backend, file);
  EXPECT_EQ(model.label_index("noisy"), 4);
  EXPECT_EQ(model.label_index("sharp"), -1);
  double norm = 0;
  for (const float v : model.label_embedding(10)) norm += double(v) * v;
  EXPECT_NEAR(norm, 1, 1e-5);
}

TEST_F(ModelFiles, one_with_a_damage_network_loads_and_keeps_its_sizes) {
  const ModelFile file = read_model_file(write(test::tiny_model(test::tiny_damage_config())));
  ASSERT_TRUE(file.config.damage);
  EXPECT_EQ(file.config.damage->grid, 2);
  EXPECT_GT(file.parameters("damage."), 0);
}

TEST_F(ModelFiles, a_damage_network_of_other_kinds_than_the_labels_is_refused) {
  ModelConfig config = test::tiny_damage_config();
  config.damage->kinds = 3;
  EXPECT_THROW(validate(config), FormatError);
  config = test::tiny_damage_config();
  std::swap(config.labels.front(), config.labels.back());
  EXPECT_THROW(validate(config), FormatError);
}

TEST_F(ModelFiles, one_with_an_instruction_network_keeps_its_words_and_refuses_others) {
  ModelConfig config = test::tiny_instruction_config();
  const ModelFile file = read_model_file(write(test::tiny_model(config)));
  EXPECT_EQ(file.config.words, config.words);
  EXPECT_GT(file.parameters("instruction."), 0);
  config.words.push_back("fog");  // more than the network has embeddings for
  EXPECT_THROW(validate(config), FormatError);
  config.words = {"the", "the", "a", "b"};
  EXPECT_THROW(validate(config), FormatError);
}

TEST_F(ModelFiles, from_older_versions_use_defaults_for_missing_entries) {
  ModelConfig config = test::tiny_config();
  config.label_steering = true;
  config.label_bias.assign(config.labels.size(), 0.5f);
  const ModelConfig read = model_config_from_json(to_json(config));
  EXPECT_TRUE(read.label_steering);
  EXPECT_EQ(read.label_bias, config.label_bias);
  EXPECT_EQ(read.clip->control_stem, (std::vector<int>{4, 6}));
  auto json = nlohmann::json::parse(to_json(config));
  json.erase("label_steering");
  json.erase("label_bias");
  json["clip"].erase("control_stem");
  const ModelConfig older = model_config_from_json(json.dump());
  EXPECT_FALSE(older.label_steering);
  EXPECT_TRUE(older.label_bias.empty());
  EXPECT_TRUE(older.clip->control_stem.empty());
}

TEST_F(ModelFiles, a_number_of_biases_other_than_the_labels_is_refused) {
  auto json = nlohmann::json::parse(to_json(test::tiny_config()));
  json["label_bias"] = {1, 2};
  EXPECT_NE(message_of([&] { model_config_from_json(json.dump()); }).find("label_bias"), std::string::npos);
}

TEST_F(ModelFiles, a_stem_that_does_not_fit_the_patch_size_is_refused) {
  auto json = nlohmann::json::parse(to_json(test::tiny_config()));
  json["clip"]["control_stem"] = {4, 4, 4, 4, 4};
  EXPECT_NE(message_of([&] { model_config_from_json(json.dump()); }).find("control_stem"), std::string::npos);
}

TEST_F(ModelFiles, an_unknown_choice_is_refused_with_those_that_are_known) {
  auto json = nlohmann::json::parse(to_json(test::tiny_diffusion_config()));
  json["sde"]["schedule"] = "quadratic";
  EXPECT_NE(
      message_of([&] { model_config_from_json(json.dump()); }).find("sde.schedule is \"quadratic\": expected one of "),
      std::string::npos);
  json["restorer"]["network"] = "resnet";
  EXPECT_NE(message_of([&] { model_config_from_json(json.dump()); }).find("nafnet, promptir, restormer, unet"),
            std::string::npos);
}

TEST_F(ModelFiles, a_value_out_of_range_is_refused_with_its_key_and_range) {
  auto json = nlohmann::json::parse(to_json(test::tiny_config()));
  json["restorer"]["width"] = 5000;
  EXPECT_NE(message_of([&] { model_config_from_json(json.dump()); }).find("restorer.width: 5000: expected 1 to 4096"),
            std::string::npos);
}

TEST_F(ModelFiles, missing_unexpected_and_mismatched_tensors_are_reported_together) {
  NamedArrays arrays = test::tiny_model();
  arrays.arrays.erase("restorer.intro.weight");
  arrays.arrays["restorer.extra"] = make_array(std::vector<float>{1, 2}, {2});
  arrays.arrays["labels"] = make_array(std::vector<float>(22, 0.5f), {11, 2});
  const std::string message = message_of([&] { read_model_file(write(arrays)); });
  EXPECT_NE(message.find("1 missing (restorer.intro.weight)"), std::string::npos) << message;
  EXPECT_NE(message.find("1 unexpected (restorer.extra)"), std::string::npos) << message;
  EXPECT_NE(message.find("1 mismatched (labels is (11, 2), expected (11, 16))"), std::string::npos) << message;
  EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
}

TEST_F(ModelFiles, a_tensor_with_nan_is_refused_by_name) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    NamedArrays arrays = test::tiny_model();
    NamedArray& tensor = arrays.arrays["restorer.ending.bias"];
    std::vector<float> values = tensor.to_floats();
    values.back() = bad;
    tensor = make_array(values, tensor.shape, ArrayType::f16);
    const ModelFile file = read_model_file(write(arrays));
    const auto backend = std::make_unique<NativeBackend>();
    const std::string message = message_of([&] { load_model(*backend, file); });
    EXPECT_NE(message.find("restorer.ending.bias"), std::string::npos) << message;
  }
}

TEST_F(ModelFiles, a_file_without_configuration_is_refused) {
  NamedArrays arrays = test::tiny_model();
  arrays.metadata.clear();
  EXPECT_NE(message_of([&] { read_model_file(write(arrays)); }).find("no daclip configuration"), std::string::npos);
}

TEST_F(ModelFiles, a_mistyped_configuration_names_its_entry_and_the_file) {
  NamedArrays arrays = test::tiny_model();
  const size_t at = arrays.metadata.find("\"embedding\":16");
  ASSERT_NE(at, std::string::npos);
  arrays.metadata.replace(at, 14, "\"embedding\":\"x\"");
  const std::string message = message_of([&] { read_model_file(write(arrays)); });
  EXPECT_NE(message.find("clip.embedding"), std::string::npos) << message;
  EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
}

TEST_F(ModelFiles, every_truncation_is_an_error) {
  const std::filesystem::path path = write(test::tiny_model());
  const std::vector<uint8_t> bytes = read_file(path);
  for (const size_t size : {size_t(0), size_t(5), size_t(8), size_t(100), bytes.size() / 2, bytes.size() - 1}) {
    write_file_atomically(path, std::span(bytes).first(size));
    EXPECT_THROW(read_model_file(path), Error) << size << " bytes";
  }
}

TEST_F(ModelFiles, are_found_by_name_in_the_folders_of_the_environment) {
  std::filesystem::create_directories(folder_ / "models/tiny");
  write_safetensors(folder_ / "models/tiny/model.safetensors", test::tiny_model());
  ::setenv("DACLIP_MODELS", ("/nowhere:" + (folder_ / "models").string()).c_str(), 1);
  EXPECT_EQ(find_model("tiny"), folder_ / "models/tiny/model.safetensors");
  EXPECT_EQ(find_model((folder_ / "models/tiny").string()), folder_ / "models/tiny/model.safetensors");
  const std::string message = message_of([] { find_model("absent"); });
  ::unsetenv("DACLIP_MODELS");
  EXPECT_NE(message.find("/nowhere"), std::string::npos) << message;
  EXPECT_THROW(find_model("./absent.safetensors"), IoError);
}

TEST_F(ModelFiles, are_found_by_name_in_models_of_the_working_folder) {
  std::filesystem::create_directories(folder_ / "models/imported");
  write_safetensors(folder_ / "models/imported/model.safetensors", test::tiny_model());
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const std::filesystem::path found = find_model("imported");
  std::filesystem::current_path(before);
  EXPECT_EQ(found, "models/imported/model.safetensors");
}

}  // namespace
}  // namespace daclip
