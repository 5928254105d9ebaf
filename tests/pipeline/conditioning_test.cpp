#include "pipeline/conditioning.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "engine/native_backend.h"
#include "import/published.h"
#include "pipeline/recogniser.h"
#include "pipeline/test_photo.h"
#include "pipeline/words.h"

namespace daclip {
namespace {

using Source = EmbeddingChoice::Source;

const Conditioning kPhoto = {{3, 4}, {0, 2}, {0.25f, 0.75f}};

TEST(Conditioning, is_the_photos_own_by_default) {
  const Conditioning same = choose(kPhoto, {});
  EXPECT_EQ(same.content, kPhoto.content);
  EXPECT_EQ(same.degradation, kPhoto.degradation);
}

TEST(Conditioning, words_set_the_direction_and_the_photo_the_length) {
  const Conditioning chosen = choose(kPhoto, {{Source::words, {10, 0}}, {Source::words, {0.3f, 0.4f}}});
  EXPECT_EQ(chosen.content, (std::vector<float>{5, 0}));
  EXPECT_NEAR(chosen.degradation[0], 1.2, 1e-6);
  EXPECT_NEAR(chosen.degradation[1], 1.6, 1e-6);
  EXPECT_EQ(chosen.probabilities, kPhoto.probabilities);
}

TEST(Conditioning, another_images_embedding_is_used_unchanged) {
  EXPECT_EQ(choose(kPhoto, {{Source::image, {10, 0}}, {}}).content, (std::vector<float>{10, 0}));
}

TEST(Conditioning, can_be_zero) {
  const Conditioning chosen = choose(kPhoto, {{Source::zero, {}}, {Source::zero, {}}});
  EXPECT_EQ(chosen.content, (std::vector<float>{0, 0}));
  EXPECT_EQ(chosen.degradation, (std::vector<float>{0, 0}));
}

TEST(Conditioning, of_another_length_is_refused) {
  EXPECT_THROW(choose(kPhoto, {{Source::words, {1}}, {}}), UsageError);
  EXPECT_THROW(choose(kPhoto, {{}, {Source::image, {1, 2, 3}}}), UsageError);
}

TEST(Words, need_a_model_with_a_text_tower_that_was_loaded) {
  NativeBackend backend({.threads = 1});
  const test::TempFolder folder;
  write_safetensors(folder / "model.safetensors", test::tiny_model());
  const LoadedModel trained_here = load_model(backend, read_model_file(folder / "model.safetensors"), true);
  EXPECT_THROW(TextEncoder(backend, trained_here), UsageError);

  write_safetensors(folder / "daclip.safetensors", test::published_daclip());
  write_text(folder / "vocabulary.txt", test::kSmallVocabulary);
  ImportOptions options;
  options.vocabulary = folder / "vocabulary.txt";
  const std::vector<std::filesystem::path> files = {folder / "daclip.safetensors"};
  write_safetensors(folder / "model.safetensors", import_model(backend, files, options).arrays);
  const ModelFile file = read_model_file(folder / "model.safetensors");
  const LoadedModel without = load_model(backend, file), with = load_model(backend, file, true);
  EXPECT_THROW(TextEncoder(backend, without), UsageError);
  EXPECT_FALSE(without.weights.contains("daclip.clip.ln_final.weight"));
  EXPECT_TRUE(with.weights.contains("daclip.clip.ln_final.weight"));
  const TextEncoder encoder(backend, with);
  EXPECT_EQ(encoder.embed("noisy").size(), 24u);
  EXPECT_NE(encoder.embed("noisy"), encoder.embed("no noise"));
}

TEST(CleanContent, is_clips_embedding_without_the_controller) {
  NativeBackend backend({.threads = 1});
  const test::TempFolder folder;
  write_safetensors(folder / "model.safetensors", test::tiny_model());
  const LoadedModel model = load_model(backend, read_model_file(folder / "model.safetensors"));
  const Recogniser recogniser(backend, model);
  const Image photo = test::test_photo(60, 50, 3);
  const std::vector<float> clean = recogniser.clean_content(photo);
  EXPECT_EQ(clean.size(), 16u);
  EXPECT_NE(clean, recogniser.analyse(photo).content);
}

}  // namespace
}  // namespace daclip
