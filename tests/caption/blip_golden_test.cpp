// BLIP against reference values: features, logits, and the very tokens of greedy and beam search.
#include "caption/beam_search.h"
#include "engine/native_backend.h"
#include "nets/blip.h"
#include "nets/fixtures.h"

namespace daclip {
namespace {

using namespace fixtures;

class BlipGolden : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<fs::path> folders = folders_with(golden_root(), "/med/encoder_width");
    if (folders.empty()) GTEST_SKIP() << "no " << golden_root();
    const Json json = read_json(folders[0] / "config.json");
    NamedArrays file = read_safetensors(folders[0] / "weights.safetensors");
    std::erase_if(file.arrays, [](const auto& entry) { return unused_by_blip(entry.first); });
    config_ = detect_blip(file, "fixture", json.at("vit").at("num_heads"), json.at("med").at("num_attention_heads"));
    const std::vector<WeightSpec> specs = blip_weights(config_);
    for (const WeightSpec& spec : specs) EXPECT_EQ(file.at(spec.name).shape, spec.shape) << spec.name;
    EXPECT_EQ(file.arrays.size(), specs.size());
    weights_ = upload(backend_, file);
    cases_ = read_safetensors(folders[0] / "cases.safetensors");
    prompt_ = json.at("prompt_ids").get<std::vector<int64_t>>();
    end_ = json.at("special").at("sep_eos");
    seen_ = blip_encode_image(backend_, config_, scope_, from_nchw(backend_, cases_.at("image")));
  }

  std::vector<int64_t> ids(const std::string& name) {
    const NamedArray& array = cases_.at(name);
    const auto* values = reinterpret_cast<const int64_t*>(array.bytes.data());
    return {values, values + array.numel()};
  }

  NativeBackend backend_;
  BlipConfig config_;
  Weights weights_;
  Scope scope_{weights_};
  NamedArrays cases_;
  std::vector<int64_t> prompt_;
  int64_t end_ = 0;
  Tensor seen_;
};

TEST_F(BlipGolden, features_and_logits_are_the_references) {
  const std::vector<double> embeds = cases_.at("image_embeds64").to_doubles();
  expect_close(backend_.to_floats(seen_), embeds, tolerance(backend_, 1e-5 * largest(embeds), embeds), "image_embeds");
  const BlipDecoder decoder(backend_, config_, scope_, seen_);
  const std::vector<int64_t> texts = ids("teacher_ids");
  const std::vector<double> logits = cases_.at("teacher_logits64").to_doubles();
  expect_close(backend_.to_floats(decoder.logits(texts, seen_.dim(0))), logits, tolerance(backend_, 3e-4, logits),
               "teacher_logits");
}

TEST_F(BlipGolden, greedy_and_beam_search_write_the_references_tokens) {
  int checked = 0;
  for (const auto& [name, array] : cases_.arrays) {
    TextSearch search;
    search.end = end_;
    if (std::sscanf(name.c_str(), "greedy_max%d_min%d_rp%lf", &search.max_length, &search.min_length,
                    &search.repetition_penalty) == 3)
      search.beams = 1;
    else if (name.ends_with(".scores") ||
             std::sscanf(name.c_str(), "beam%d_max%d_min%d_rp%lf", &search.beams, &search.max_length,
                         &search.min_length, &search.repetition_penalty) != 4)
      continue;
    const std::vector<int64_t> expected = ids(name);
    const std::vector<float> scores = search.beams > 1 ? cases_.at(name + ".scores").to_floats() : std::vector<float>();
    for (int64_t i = 0; i < seen_.dim(0); ++i) {
      const BlipDecoder decoder(backend_, config_, scope_, backend_.slice(seen_, 0, i, i + 1));
      FoundText found = search_text([&](std::span<const int64_t> texts,
                                        int64_t rows) { return backend_.to_floats(decoder.next_logits(texts, rows)); },
                                    prompt_, search);
      EXPECT_NEAR(found.score, scores.empty() ? 0 : scores[size_t(i)], 1e-5) << name << " " << i;
      found.ids.resize(size_t(search.max_length), 0);
      const auto row = expected.begin() + i * search.max_length;
      EXPECT_EQ(found.ids, std::vector<int64_t>(row, row + search.max_length)) << name << " " << i;
    }
    ++checked;
  }
  EXPECT_GE(checked, 7);
}

}  // namespace
}  // namespace daclip
