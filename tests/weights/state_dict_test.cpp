#include "weights/state_dict.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "pipeline/temp_folder.h"
#include "weights/half.h"
#include "weights/torch_writer.h"

namespace daclip {
namespace {

using namespace test;
namespace p = test::pickled;

StateDict parse(const std::vector<uint8_t>& bytes) { return parse_state_dict(share(bytes), "test.pt"); }

// Storage 0 holds a 2x3 matrix 0..5, storage 1 a vector (6, 7).
const std::vector<std::string> kStorages = {floats({0, 1, 2, 3, 4, 5}), floats({6, 7})};
std::string matrix(bool legacy = false) {
  return p::tensor(p::storage("FloatStorage", "0", 6, legacy), 0, {2, 3}, {3, 1});
}
std::string vector(bool legacy = false) { return p::tensor(p::storage("FloatStorage", "1", 2, legacy), 0, {2}, {1}); }

void expect_matrix_and_vector(const StateDict& dict) {
  ASSERT_EQ(dict.arrays.arrays.size(), 2u);
  EXPECT_EQ(dict.arrays.at("a.weight").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(dict.arrays.at("a.weight").to_floats(), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(dict.arrays.at("b").to_floats(), (std::vector<float>{6, 7}));
}

TEST(StateDict, reads_both_formats_of_torch_save) {
  expect_matrix_and_vector(parse(torch_zip(p::ordered_dict({{"a.weight", matrix()}, {"b", vector()}}), kStorages)));
  expect_matrix_and_vector(
      parse(torch_legacy(p::ordered_dict({{"a.weight", matrix(true)}, {"b", vector(true)}}), kStorages)));
}

TEST(StateDict, reads_archives_with_64_bit_directories) {
  const std::string value = p::whole(p::dict({{"a.weight", matrix()}, {"b", vector()}}));
  expect_matrix_and_vector(
      parse(zip({{"x/data.pkl", value}, {"x/data/0", kStorages[0]}, {"x/data/1", kStorages[1]}}, true)));
}

TEST(StateDict, finds_weights_under_the_usual_names_and_drops_module) {
  const std::string weights = p::ordered_dict({{"module.a.weight", matrix()}, {"module.b", p::parameter(vector())}});
  for (const char* name : {"state_dict", "params", "params_ema", "model"})
    expect_matrix_and_vector(parse(torch_zip(p::dict({{"epoch", "K\x01"}, {name, weights}}), kStorages)));
  expect_matrix_and_vector(parse(torch_zip(p::dict({{"model", p::dict({{"state_dict", weights}})}}), kStorages)));
}

TEST(StateDict, prefers_averaged_weights_and_says_so) {
  const std::string plain = p::dict({{"x", vector()}}), averaged = p::dict({{"y", vector()}});
  const StateDict dict = parse(torch_zip(p::dict({{"params", plain}, {"params_ema", averaged}}), kStorages));
  EXPECT_TRUE(dict.arrays.has("y"));
  EXPECT_FALSE(dict.arrays.has("x"));
  EXPECT_NE(dict.origin.find("params_ema"), std::string::npos) << dict.origin;
}

StateDict parse(const std::string& value, const std::string& entry = "") {
  return parse_state_dict(share(torch_zip(value, kStorages)), "test.pt", entry);
}

std::string named(const std::string& start) {
  return p::ordered_dict({{start + "a.weight", matrix()}, {start + "b", vector()}});
}

TEST(StateDict, finds_weights_in_the_wrappers_of_other_programs) {
  for (const char* name : {"model_state_dict", "net", "network", "netG", "generator", "ema", "state_dict_ema", "odd"})
    expect_matrix_and_vector(parse(p::dict({{"epoch", "K\x01"}, {name, named("")}, {"optimizer", "}"}})));
  for (const char* start : {"_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "net.", "model.", "net._orig_mod.",
                            "module.model.net."})
    expect_matrix_and_vector(parse(p::dict({{"state_dict", named(start)}})));
  expect_matrix_and_vector(parse(p::ordered_dict({{"a._orig_mod.weight", matrix()}, {"b", vector()}})));
  expect_matrix_and_vector(
      parse(p::ordered_dict({{"n_averaged", vector()}, {"module.a.weight", matrix()}, {"module.b", vector()}})));
}

TEST(StateDict, keeps_a_first_part_that_is_no_wrapper_or_not_shared_by_all) {
  EXPECT_TRUE(parse(named("features.")).arrays.has("features.b"));
  EXPECT_TRUE(parse(p::ordered_dict({{"net.a", matrix()}, {"loss.b", vector()}})).arrays.has("net.a"));
}

TEST(StateDict, prefers_averages_wherever_they_lie_and_names_the_choice) {
  const std::string plain = p::dict({{"x", vector()}}), averaged = p::dict({{"y", vector()}});
  const StateDict dict = parse(p::dict({{"model", plain}, {"ema", averaged}}));
  EXPECT_TRUE(dict.arrays.has("y"));
  EXPECT_EQ(dict.choice, (std::vector<std::string>{"ema", "model"}));
  EXPECT_NE(dict.origin.find("entry ema (averaged weights)"), std::string::npos) << dict.origin;
  EXPECT_TRUE(parse(p::dict({{"ema", "N"}, {"model", plain}})).arrays.has("x")) << "None where no average was kept";
  const StateDict twins = parse(p::ordered_dict({{"online_model.a", matrix()}, {"ema_model.a", vector()}}));
  EXPECT_EQ(twins.arrays.at("a").to_floats(), (std::vector<float>{6, 7}));
}

TEST(StateDict, takes_the_entry_or_the_start_of_names_that_is_asked_for) {
  const std::string plain = p::dict({{"x", vector()}}), averaged = p::dict({{"y", vector()}});
  const std::string both = p::dict({{"model", plain}, {"ema", averaged}});
  EXPECT_TRUE(parse(both, "model").arrays.has("x"));
  EXPECT_TRUE(parse(both, "model").entry_found);
  EXPECT_FALSE(parse(both, "other").entry_found);
  const StateDict part = parse(p::ordered_dict({{"net.a", matrix()}, {"loss.b", vector()}}), "net");
  EXPECT_TRUE(part.entry_found);
  EXPECT_EQ(part.arrays.arrays.size(), 1u);
  EXPECT_TRUE(part.arrays.has("a"));
}

TEST(StateDict, does_not_mind_number_formats_and_settings_beside_the_weights) {
  const std::string settings =
      cat(p::call(p::global("argparse", "Namespace"), p::tuple({})), p::dict({{"width", "K\x20"}}), "b");
  expect_matrix_and_vector(parse(
      p::dict({{"state_dict", named("")}, {"dtype", p::global("torch", "bfloat16")}, {"hyper_parameters", settings}})));
}

TEST(StateDict, names_what_is_no_checkpoint) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      parse_state_dict(share({text.begin(), text.end()}), "file.pth");
    } catch (const FormatError& error) {
      return error.what();
    }
    return "";
  };
  for (const auto& [text, kind] :
       {std::pair{"<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "a web page (Sign in)"},
        {"\xef\xbb\xbf\n<HTML>", "a web page"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 195712345\n", "git-lfs"},
        {"{\"metadata\": {}, \"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\"}}", "index of a checkpoint"},
        {"{\"error\": \"gated\"}", "JSON"},
        {"Entry not found", "text (\"Entry not found\")"},
        {"GGUF\3", "GGUF"},
        {"\x1f\x8b\x08", "gzip"},
        {"", "is empty"}})
    EXPECT_NE(message(text).find(kind), std::string::npos) << message(text);
}

TEST(StateDict, names_an_index_of_shards_though_its_ending_is_that_of_graph_models) {
  const TempFolder folder;
  write_text(folder / "model.safetensors.index.json", R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})");
  try {
    read_state_dict(folder / "model.safetensors.index.json");
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_NE(std::string(error.what()).find("index of a checkpoint in shards"), std::string::npos) << error.what();
  }
}

TEST(StateDict, names_one_shard_of_several) {
  for (const char* name : {"model-00001-of-00003.safetensors", "pytorch_model-00002-of-00002.bin", "net_1_of_2.pth",
                           "model-00000-of-00012.safetensors"})
    EXPECT_THROW(read_state_dict(name), FormatError) << name;
  for (const char* name : {"model-00001-of-00001.safetensors", "one-of-many.pth", "1-of-2", "of-2.pth", "a-1-of-2.7z"})
    EXPECT_THROW(read_state_dict(name), IoError) << name;  // there is no such file
}

// A NumPy scalar as learning rate: open_clip's cosine schedule puts one into the optimiser's state.
std::string numpy_scalar() {
  const std::string bytes = p::call(p::global("_codecs", "encode"), p::tuple({p::text("abcdefgh"), p::text("latin1")}));
  const std::string type = cat(p::call(p::global("numpy", "dtype"), p::tuple({p::text("f8"), "\x89", "\x88"})),
                               p::tuple({"K\x03", p::text("<"), "N", "N", "N"}), "b");
  return p::call(p::global("numpy.core.multiarray", "scalar"), p::tuple({type, bytes}));
}

TEST(StateDict, leaves_the_optimiser_alone) {
  // A storage that is not in the file.
  const std::string moments = p::dict({{"exp_avg", p::tensor(p::storage("FloatStorage", "9", 4), 0, {4}, {1})}});
  expect_matrix_and_vector(
      parse(torch_zip(p::dict({{"optimizer", p::dict({{"state", moments}, {"lr", numpy_scalar()}})},
                               {"scaler", p::dict({{"scale", cat("G\x40\xf0", std::string(6, '\0'))}})},
                               {"state_dict", p::dict({{"a.weight", matrix()}, {"b", vector()}})}}),
                      kStorages)));
}

TEST(StateDict, honours_strides_and_offsets) {
  const std::string storage = p::storage("FloatStorage", "0", 6);
  const StateDict dict = parse(torch_zip(p::dict({{"turned", p::tensor(storage, 0, {3, 2}, {1, 3})},
                                                  {"column", p::tensor(storage, 1, {2}, {3})},
                                                  {"row", p::tensor(storage, 3, {1, 3}, {77, 1})},
                                                  {"scalar", p::tensor(storage, 5, {}, {})},
                                                  {"empty", p::tensor(storage, 0, {0, 4}, {4, 1})}}),
                                         kStorages));
  EXPECT_EQ(dict.arrays.at("turned").to_floats(), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(dict.arrays.at("column").to_floats(), (std::vector<float>{1, 4}));
  EXPECT_EQ(dict.arrays.at("row").to_floats(), (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(dict.arrays.at("scalar").to_floats(), std::vector<float>{5});
  EXPECT_EQ(dict.arrays.at("empty").numel(), 0u);
}

TEST(StateDict, tensors_that_share_a_storage_share_its_bytes) {
  const StateDict dict = parse(torch_zip(p::dict({{"visual.x", matrix()}, {"clip.visual.x", matrix()}}), kStorages));
  EXPECT_EQ(dict.arrays.at("visual.x").bytes.data(), dict.arrays.at("clip.visual.x").bytes.data());
}

TEST(StateDict, reads_every_floating_type) {
  const double real = -2.5;
  std::string doubles(8, '\0'), halves = little_endian(float_to_f16(1.5f), 2);
  std::memcpy(doubles.data(), &real, 8);
  const StateDict dict =
      parse(torch_zip(p::dict({{"f64", p::tensor(p::storage("DoubleStorage", "0", 1), 0, {1}, {1})},
                               {"f16", p::tensor(p::storage("HalfStorage", "1", 1), 0, {1}, {1})},
                               {"bf16", p::tensor(p::storage("BFloat16Storage", "2", 1), 0, {1}, {1})},
                               {"i64", p::tensor(p::storage("LongStorage", "3", 1), 0, {1}, {1})}}),
                      {doubles, halves, little_endian(float_to_bf16(3), 2), little_endian(77, 8)}));
  EXPECT_EQ(dict.arrays.at("f64").to_floats(), std::vector<float>{-2.5f});
  EXPECT_EQ(dict.arrays.at("f16").to_floats(), std::vector<float>{1.5f});
  EXPECT_EQ(dict.arrays.at("bf16").to_floats(), std::vector<float>{3});
  EXPECT_EQ(dict.arrays.at("i64").to_ints(), std::vector<int64_t>{77});
}

TEST(StateDict, turns_the_bytes_of_big_endian_machines) {
  const std::string value = p::whole(p::dict({{"x", p::tensor(p::storage("FloatStorage", "0", 1), 0, {1}, {1})}}));
  const std::string one_and_a_half = cat("\x3f\xc0", std::string(2, '\0'));
  const StateDict dict = parse(zip({{"a/data.pkl", value}, {"a/byteorder", "big"}, {"a/data/0", one_and_a_half}}));
  EXPECT_EQ(dict.arrays.at("x").to_floats(), std::vector<float>{1.5f});
}

TEST(StateDict, reads_the_parameters_of_torchscript_and_not_its_code) {
  const std::string block = p::module("Block", {{"weight", matrix()}, {"training", "\x89"}});
  const std::string model = p::module("Model", {{"a", block}, {"b", vector()}, {"size", "K\x07"}});
  const StateDict dict = parse(zip({{"clip/data.pkl", p::whole(model)},
                                    {"clip/constants.pkl", p::whole(")")},
                                    {"clip/code/__torch__/net.py", "import os; os.system('touch hacked')", 8},
                                    {"clip/data/0", kStorages[0]},
                                    {"clip/data/1", kStorages[1]}}));
  EXPECT_TRUE(dict.torchscript);
  expect_matrix_and_vector(dict);
}

}  // namespace
}  // namespace daclip
