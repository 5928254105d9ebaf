// The public C++ API (include/daclip).
#include <gtest/gtest.h>

#include <thread>

#include "core/files.h"
#include "daclip/classifier.h"
#include "daclip/restorer.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

class Api : public testing::Test {
 protected:
  Api() { write_safetensors(path(), test::tiny_model()); }

  std::string path() const { return folder_ / "model.safetensors"; }
  Model model() const { return Model::load(path(), {.precision = Precision::f32}); }

  test::TempFolder folder_;
  Image photo_ = test::test_photo(90, 70);
};

RestoreOptions noisy() {
  RestoreOptions options;
  options.degradation = "noisy";
  return options;
}

TEST_F(Api, a_model_reports_its_capabilities) {
  const Model model = this->model();
  EXPECT_EQ(model.name(), "tiny");
  EXPECT_EQ(model.labels().size(), kLabels.size());
  EXPECT_TRUE(model.recognises() && model.restores() && model.takes_content() && model.takes_degradation());
  EXPECT_FALSE(model.reads_words());
  EXPECT_EQ(model.precision(), Precision::f32);
  EXPECT_EQ(model.device(), "cpu");
}

TEST_F(Api, a_model_from_bytes_restores_like_the_file) {
  const Model from_bytes = Model::from_bytes(read_file(path()), {.precision = Precision::f32});
  EXPECT_EQ(Restorer(from_bytes, 1).restore(photo_, noisy()).image.data,
            Restorer(model(), 1).restore(photo_, noisy()).image.data);
  EXPECT_THROW(Model::from_bytes({1, 2, 3}), FormatError);
}

TEST_F(Api, hidden_colours_change_neither_result_nor_recognition) {
  Image shown[2];
  std::vector<float> probabilities[2];
  const Model model = this->model();
  for (int k = 0; k < 2; ++k) {
    Image photo = test::test_photo(90, 70);
    Image cutout = photo;
    cutout.channels = 4;
    cutout.data.clear();
    for (size_t i = 0; i < photo.pixels(); ++i) {
      const bool hidden = i % 90 < 30;
      for (size_t c = 0; c < 3; ++c) cutout.data.push_back(hidden && k ? 255 : photo.data[i * 3 + c]);
      cutout.data.push_back(hidden ? 0 : 255);
    }
    shown[k] = Restorer(model, 1).restore(cutout, noisy()).image;
    for (const Prediction& p : Classifier(model, 1).classify(cutout).predictions)
      probabilities[k].push_back(p.probability);
  }
  EXPECT_EQ(probabilities[0], probabilities[1]);
  for (size_t i = 0; i < shown[0].data.size(); ++i)
    if (i / 4 % 90 >= 30) {
      ASSERT_EQ(shown[0].data[i], shown[1].data[i]) << i;
    }
}

TEST_F(Api, sessions_on_several_threads_share_one_model) {
  const Model model = this->model();
  std::vector<RestoreResult> results(3);
  std::vector<std::thread> threads;
  for (RestoreResult& result : results)
    threads.emplace_back([&] { result = Restorer(model, 1).restore(photo_, noisy()); });
  for (std::thread& thread : threads) thread.join();
  const RestoreResult alone = Restorer(this->model(), 1).restore(photo_, noisy());
  EXPECT_NE(alone.image.data, photo_.data);
  for (const RestoreResult& result : results) EXPECT_EQ(result.image.data, alone.image.data);
}

TEST_F(Api, progress_can_cancel_and_the_session_remains_usable) {
  Restorer restorer(model(), 1);
  RestoreOptions tiled = noisy();
  tiled.tile = 64;
  int calls = 0;
  EXPECT_THROW(restorer.restore(photo_, tiled, [&](double) { return ++calls < 2; }), Cancelled);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(restorer.restore(photo_, tiled).tiles, 4);
}

TEST_F(Api, a_classifier_ranks_every_label) {
  const Recognition recognition = Classifier(model(), 1).classify(photo_);
  ASSERT_EQ(recognition.predictions.size(), kLabels.size());
  float sum = 0, last = 1;
  for (const Prediction& prediction : recognition.predictions) {
    EXPECT_LE(prediction.probability, last);
    last = prediction.probability;
    sum += prediction.probability;
  }
  EXPECT_NEAR(sum, 1, 1e-4);
  EXPECT_EQ(recognition.conditioning.content.size(), 16u);
}

TEST_F(Api, set_labels_affects_only_one_classifier) {
  write_safetensors(path(), test::with_words(test::tiny_config()));
  const Model model = Model::load(path(), {.precision = Precision::f32, .text_tower = true});
  ASSERT_TRUE(model.reads_words());
  Classifier classifier(model, 1);
  classifier.set_labels({"a cat", "a dog"});
  EXPECT_EQ(classifier.classify(photo_).predictions.size(), 2u);
  EXPECT_EQ(Classifier(model, 1).classify(photo_).predictions.size(), kLabels.size());
  EXPECT_THROW(classifier.set_labels({}), UsageError);
}

TEST_F(Api, words_and_a_clean_image_condition_the_network) {
  write_safetensors(path(), test::with_words(test::tiny_config()));
  Restorer restorer(Model::load(path(), {.precision = Precision::f32, .text_tower = true}), 1);
  const Image plain = restorer.restore(photo_, noisy()).image;
  RestoreOptions prompted, cleaned = noisy();
  prompted.conditioning.degradation = {EmbeddingChoice::Source::words, restorer.embed_text("a rainy photo")};
  cleaned.conditioning.content = {EmbeddingChoice::Source::image,
                                  restorer.embed_clean_image(test::test_photo(9, 9, 5))};
  EXPECT_NE(restorer.restore(photo_, prompted).image.data, plain.data);
  EXPECT_NE(restorer.restore(photo_, cleaned).image.data, plain.data);
}

TEST_F(Api, unsupported_requests_and_invalid_images_are_refused) {
  const Model model = this->model();
  EXPECT_THROW(Restorer(model, 1).embed_text("rain"), UsageError);
  EXPECT_THROW(Model::load("no/such/model"), IoError);
  EXPECT_THROW(Model::load(path(), {.device = "abacus"}), UsageError);
  Restorer restorer(model, 1);
  RestoreOptions options = noisy();
  options.sampler.steps = 3;  // a network that restores in one evaluation
  EXPECT_THROW(restorer.check(options), UsageError);
  Image broken = photo_;
  broken.data.pop_back();
  EXPECT_THROW(restorer.restore(broken), ShapeError);
  EXPECT_THROW(Classifier(model, 1).classify(broken), ShapeError);
}

TEST_F(Api, pictures_round_trip_through_bytes_and_files_in_every_writable_format) {
  for (const std::string& format : writable_formats()) {
    const Image back = decode_image(encode_image(photo_, format, {.quality = 100}));
    EXPECT_EQ(back.width, photo_.width) << format;
    const std::filesystem::path file = folder_ / ("picture." + format);
    write_image(file, photo_);
    EXPECT_EQ(read_image(file).height, photo_.height) << format;
  }
  EXPECT_EQ(decode_image(encode_image(photo_, "png")).data, photo_.data);
  EXPECT_THROW(encode_image(photo_, "bmp"), UsageError);
  EXPECT_THROW(write_image(folder_ / "picture.xyz", photo_), UsageError);
}

TEST(Samplers, have_names_that_include_the_default) {
  const std::vector<std::string_view> names = sampler_names();
  EXPECT_NE(std::find(names.begin(), names.end(), default_sampler()), names.end());
}

}  // namespace
}  // namespace daclip
