#include "weights/tfjs.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/files.h"
#include "pipeline/temp_folder.h"
#include "weights/tfjs_writer.h"

namespace daclip {
namespace {

StateDict parse(const std::string& model, const ShardReader& shard) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(model.data());
  return parse_tfjs({bytes, bytes + model.size()}, shard, "model.json");
}

StateDict parse(const test::TfjsWriter& writer) {
  return parse(writer.model(), [&](const std::string& name) { return share(writer.shard(name)); });
}

std::string refusal(const std::string& model, size_t bytes = 8) {
  try {
    parse(model, [&](const std::string&) { return share(std::vector<uint8_t>(bytes)); });
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string with_weight(const std::string& weight, const std::string& path = "shard1") {
  return cat(R"({"modelTopology":{"node":[{"name":"a/add","op":"AddV2","input":["x","c"]}]},)",
             R"("weightsManifest":[{"paths":[")", path, R"("],"weights":[)", weight, "]}]}");
}

const std::string kGood = R"({"name":"c","shape":[2],"dtype":"float32"})";

TEST(Tfjs, parameters_get_the_names_of_their_layers_and_pytorchs_layouts) {
  test::TfjsWriter writer;
  writer.convolution("net/backbone/first", {1, 2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  writer.bias("net/backbone/first", {1, 2, 3});
  writer.dense("net/backbone/deep/dense", {2, 3}, {1, 2, 3, 4, 5, 6});
  writer.gain("net/backbone/deep/norm", {7, 8});
  writer.bias("net/backbone/deep/norm", {9, 10});
  writer.other("BroadcastTo", {1, 2}, {5, 5});
  const NamedArrays arrays = parse(writer).arrays;
  EXPECT_EQ(arrays.arrays.size(), 5u);
  EXPECT_EQ(arrays.at("first.weight").shape, (std::vector<int64_t>{3, 2, 1, 2}));
  EXPECT_EQ(arrays.at("first.weight").to_floats(), (std::vector<float>{1, 7, 4, 10, 2, 8, 5, 11, 3, 9, 6, 12}));
  EXPECT_EQ(arrays.at("first.bias").to_floats(), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(arrays.at("deep.dense.weight").shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(arrays.at("deep.dense.weight").to_floats(), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(arrays.at("deep.norm.weight").to_floats(), (std::vector<float>{7, 8}));
  EXPECT_EQ(arrays.at("deep.norm.bias").to_floats(), (std::vector<float>{9, 10}));
}

TEST(Tfjs, a_transposed_convolution_becomes_one_to_four_pixels_with_its_bias_repeated) {
  test::TfjsWriter writer;
  writer.transposed_convolution("net/up", {2, 2, 2, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
  writer.bias("net/up", {9, 10});
  const NamedArrays arrays = parse(writer).arrays;
  EXPECT_EQ(arrays.at("up.weight").shape, (std::vector<int64_t>{8, 1, 1, 1}));
  EXPECT_EQ(arrays.at("up.weight").to_floats(), (std::vector<float>{1, 3, 5, 7, 2, 4, 6, 8}));
  EXPECT_EQ(arrays.at("up.bias").to_floats(), (std::vector<float>{9, 9, 9, 9, 10, 10, 10, 10}));
}

TEST(Tfjs, a_folder_and_its_model_json_read_alike) {
  test::TempFolder folder;
  test::TfjsWriter writer;
  writer.dense("net/a", {2, 2}, {1, 2, 3, 4});
  writer.dense("net/b", {1, 1}, {5});
  write_text(folder / "model.json", writer.model());
  for (const char* name : {"shard1", "shard2"}) write_file_atomically(folder / name, writer.shard(name));
  EXPECT_TRUE(is_tfjs(folder.path()));
  for (const std::filesystem::path& path : {folder.path(), folder / "model.json"}) {
    const StateDict read = read_state_dict(path);
    EXPECT_EQ(read.origin, "TensorFlow.js graph model");
    EXPECT_EQ(read.arrays.at("b.weight").to_floats(), (std::vector<float>{5}));
  }
  std::filesystem::remove(folder / "shard2");
  EXPECT_THROW(read_state_dict(folder.path()), IoError);
}

TEST(Tfjs, what_is_no_graph_model_is_refused_with_the_reason) {
  EXPECT_EQ(refusal(with_weight(kGood)), "accepted");
  EXPECT_NE(refusal("[]").find("not a JSON object"), std::string::npos);
  EXPECT_NE(refusal("{}").find("weightsManifest is missing"), std::string::npos);
  EXPECT_NE(refusal(with_weight(kGood), 4).find("beyond the 4 bytes"), std::string::npos);
  EXPECT_NE(refusal(with_weight(kGood), 12).find("hold 12 bytes, expected 8"), std::string::npos);
  EXPECT_NE(refusal(with_weight(kGood, "../shard")).find("expected a file beside the model"), std::string::npos);
  EXPECT_NE(refusal(with_weight(cat(kGood, ",", kGood)), 16).find("listed twice"), std::string::npos);
  EXPECT_NE(refusal(with_weight(R"({"name":"c","shape":[2],"dtype":"float16"})")).find("float16"), std::string::npos);
  EXPECT_NE(refusal(with_weight(R"({"name":"c","shape":[2],"dtype":"float32","quantization":{}})")).find("quantised"),
            std::string::npos);
  EXPECT_NE(refusal(with_weight(R"({"name":"c","shape":[4294967296,4294967296,4294967296],"dtype":"float32"})"))
                .find("overflows"),
            std::string::npos);
  EXPECT_NE(refusal(with_weight(R"({"name":"unused","shape":[2],"dtype":"float32"})")).find("no layers"),
            std::string::npos);
  EXPECT_NE(refusal(std::string(100, '[')).find("nested deeper"), std::string::npos);
}

}  // namespace
}  // namespace daclip
