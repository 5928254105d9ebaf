#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "import/published.h"
#include "weights/torch_writer.h"

namespace daclip::test {
namespace {

class ImportVerb : public AppTest {
 protected:
  ImportVerb() {
    write_safetensors(folder_ / "daclip.safetensors", published_daclip());
    write_safetensors(folder_ / "nafnet.safetensors", random_checkpoint(nafnet_weights(published_nafnet()), 5));
    write_text(folder_ / "vocabulary.txt", kSmallVocabulary);
  }

  Outcome import(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "import");
    return run_program(arguments);
  }
};

TEST_F(ImportVerb, makes_a_model_that_classifies_and_restores) {
  const Outcome outcome = import({path("daclip.safetensors"), path("nafnet.safetensors"), "-o", path("models/mine"),
                                  "--vocab", path("vocabulary.txt"), "--half"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* words : {"image tower: ViT, width 64, 2 layers, 1 heads, patch 8, image 32", "NAFNet, width 8",
                            "blocks 1,2 | 1 | 1,1", "vocabulary", "models/mine/model.safetensors: written"})
    EXPECT_NE(outcome.out.find(words), std::string::npos) << words << "\n" << outcome.out;

  const Outcome info = run_program({"info", path("models/mine"), "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  const auto json = nlohmann::json::parse(info.out);
  EXPECT_EQ(json["configuration"]["name"], "mine");
  const auto& parameters = json["parameters"];
  EXPECT_EQ(parameters["daclip"], parameters["image_tower"].get<int64_t>() + parameters["controller"].get<int64_t>() +
                                      parameters["text_tower"].get<int64_t>());
  EXPECT_GT(json["multiply_adds"]["restorer_per_pixel"].get<double>(), 0);

  const std::string in = photo("a.png");
  const Outcome classified = run_program({"classify", in, "--model", path("models/mine"), "--json", "--embeddings"});
  ASSERT_EQ(classified.code, 0) << classified.err;
  EXPECT_EQ(nlohmann::json::parse(classified.out)[0]["content"].size(), 24u);
  const Outcome restored = run_program({"restore", in, "-o", path("b.png"), "--model", path("models/mine")});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_EQ(read_image(folder_ / "b.png").width, 48);
}

TEST_F(ImportVerb, words_take_the_place_of_labels_where_the_vocabulary_is_there) {
  const std::string vocabulary = path("vocabulary.txt");
  ASSERT_EQ(import({path("daclip.safetensors"), "-o", path("m.safetensors"), "--vocab", vocabulary}).code, 0);
  const Outcome outcome = run_program({"classify", photo("a.png"), "--model", path("m.safetensors"), "--json", "--top",
                                       "9", "--words", "a cat", "something noisy"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto labels = nlohmann::json::parse(outcome.out)[0]["labels"];
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_NEAR(labels[0]["probability"].get<double>() + labels[1]["probability"].get<double>(), 1, 1e-5);
  expect_one_line(run_program({"classify", path("a.png"), "--model", path("tiny.safetensors"), "--words", "a cat"}), 2,
                  "no text tower");
}

TEST_F(ImportVerb, a_network_that_only_restores_restores) {
  ASSERT_EQ(import({path("nafnet.safetensors"), "-o", path("denoise.safetensors")}).code, 0);
  const std::string in = photo("a.png");
  const Outcome restored = run_program({"restore", in, "-o", path("b.png"), "--model", path("denoise.safetensors")});
  EXPECT_EQ(restored.code, 0) << restored.err;
  expect_one_line(run_program({"classify", in, "--model", path("denoise.safetensors")}), 2, "restores only");
}

TEST_F(ImportVerb, takes_averaged_weights_and_says_so_unless_an_entry_is_named) {
  namespace p = pickled;
  const NamedArrays weights = random_checkpoint(nafnet_weights(published_nafnet()), 5);
  std::vector<std::string> storages;
  std::vector<std::pair<std::string, std::string>> averaged, plain;
  for (const auto& [name, array] : weights.arrays) {
    std::vector<int64_t> strides(array.shape.size(), 1);
    for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * array.shape[i];
    for (auto* entry : {&averaged, &plain}) {
      const std::string storage = p::storage("FloatStorage", cat(storages.size()), int64_t(array.numel()));
      entry->emplace_back(name, p::tensor(storage, 0, array.shape, strides));
      std::vector<float> values = array.to_floats();
      if (entry == &plain) std::ranges::fill(values, 0.f);
      storages.push_back(floats(values));
    }
  }
  const std::vector<uint8_t> file =
      torch_zip(p::dict({{"model", p::ordered_dict(plain)}, {"ema", p::ordered_dict(averaged)}}), storages);
  write_file_atomically(folder_ / "both.pth", file);
  const auto first = [&](const std::string& name) {
    return read_safetensors(folder_ / name).at("restorer.intro.weight").to_floats().at(0);
  };
  const Outcome outcome = import({path("both.pth"), "-o", path("a.safetensors")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("weights are under ema and model; taken: ema"), std::string::npos) << outcome.out;
  EXPECT_NE(first("a.safetensors"), 0);
  ASSERT_EQ(import({path("both.pth"), "-o", path("b.safetensors"), "--entry", "model"}).code, 0);
  EXPECT_EQ(first("b.safetensors"), 0);
  expect_one_line(import({path("both.pth"), "-o", path("c.safetensors"), "--entry", "none"}), 2, "--entry none");
}

TEST_F(ImportVerb, refuses_in_one_line_and_writes_nothing) {
  const std::string model = path("out.safetensors");
  expect_one_line(import({path("absent.pt"), "-o", model}), 2, "absent.pt");
  write_text(folder_ / "page.pt", "<html>not found</html>");
  expect_one_line(import({path("page.pt"), "-o", model}), 2, "page.pt");
  const std::string command = pickled::tuple({pickled::text(cat("touch ", path("hacked")))});
  const std::vector<uint8_t> hostile = torch_zip(pickled::call(pickled::global("posix", "system"), command), {});
  write_file_atomically(folder_ / "hostile.pt", hostile);
  expect_one_line(import({path("hostile.pt"), "-o", model}), 2, "class posix.system is refused");
  expect_one_line(import({path("daclip.safetensors"), "-o", model}), 2, "pass its vocabulary with --vocab");
  expect_one_line(import({path("nafnet.safetensors"), "-o", path("nafnet.safetensors")}), 2, "would replace the input");
  expect_one_line(import({path("nafnet.safetensors"), "-o", path("page.pt/model.safetensors")}), 2, "page.pt");
  expect_one_line(import({path("nafnet.safetensors"), "-o", model, "--quick-gelu", "--exact-gelu"}), 2, "excludes");
  EXPECT_FALSE(std::filesystem::exists(model));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "hacked"));
}

}  // namespace
}  // namespace daclip::test
