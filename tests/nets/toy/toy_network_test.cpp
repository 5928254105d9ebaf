// A network added by two files and one line of the registry can be imported, described, counted and run.
#include "nets/toy/toy_network.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "engine/native_backend.h"
#include "import/import.h"
#include "model/complexity.h"
#include "model/model.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

// A checkpoint whose convolution adds half of the input, per colour.
NamedArrays toy_checkpoint(int kernel) {
  std::vector<float> weight(size_t(9 * kernel * kernel));
  for (int c = 0; c < 3; ++c) weight[size_t((c * 3 + c) * kernel * kernel + kernel * kernel / 2)] = 0.5f;
  NamedArrays arrays;
  arrays.arrays["toy.weight"] = make_array(weight, {3, 3, kernel, kernel});
  arrays.arrays["toy.bias"] = make_array(std::vector<float>(3), {3});
  return arrays;
}

class ToyNetwork : public testing::Test {
 protected:
  ModelFile imported(int kernel) {
    write_safetensors(folder_ / "toy.safetensors", toy_checkpoint(kernel));
    const std::vector<std::filesystem::path> files = {folder_ / "toy.safetensors"};
    ImportedModel model = import_model(backend_, files, {});
    notes_ = model.notes;
    write_safetensors(folder_ / "model.safetensors", model.arrays);
    return read_model_file(folder_ / "model.safetensors");
  }

  test::TempFolder folder_;
  NativeBackend backend_{{.threads = 1}};
  std::vector<std::string> notes_;
};

TEST_F(ToyNetwork, is_imported_with_the_configuration_derived_from_its_shapes) {
  const ModelFile file = imported(5);
  EXPECT_EQ(file.config.restorer->type().name, "toy");
  EXPECT_EQ(file.parameters("restorer."), 9 * 25 + 3);
  EXPECT_EQ(notes_.front(), "restoration: toy, kernel 5");
}

TEST_F(ToyNetwork, restores_photos_of_any_size_in_tiles) {
  const LoadedModel model = load_model(backend_, imported(3));
  const RestorePipeline pipeline(backend_, model);
  const Image photo = test::test_photo(150, 90);
  RestoreOptions tiled;
  tiled.tile = 64;
  const RestoreResult result = pipeline.restore(photo, tiled);
  EXPECT_GT(result.tiles, 1);
  for (size_t i = 0; i < photo.samples(); ++i)
    ASSERT_NEAR(result.image.data[i], std::min(255.0, std::round(1.5 * photo.data[i])), 1);
}

TEST_F(ToyNetwork, is_counted) {
  const std::vector<Network> networks = networks_of(imported(3).config, 32, 16);
  ASSERT_EQ(networks.size(), 1u);
  EXPECT_EQ(networks[0].name, "the toy");
  EXPECT_EQ(count(networks[0]).multiply_adds, 81.0 * 32 * 16);
}

TEST_F(ToyNetwork, an_invalid_configuration_is_refused_by_every_constructor) {
  EXPECT_THROW(test::make_toy({.kernel = 4}), FormatError);
  EXPECT_THROW(test::make_toy({.kernel = 17}), FormatError);
  EXPECT_THROW(model_config_from_json(R"({"format": "daclip-model-1", "name": "x", "labels": [], "logit_scale": 1,
                                          "restorer": {"network": "toy", "kernel": 99}})"),
               FormatError);
}

}  // namespace
}  // namespace daclip
