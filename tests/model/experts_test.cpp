#include "model/experts.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/files.h"
#include "engine/native_backend.h"
#include "pipeline/temp_folder.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

class Experts : public testing::Test {
 protected:
  Experts() {
    write("base", test::tiny_config());
    ModelConfig plain = test::tiny_config();
    test::remove_clip(plain);
    plain.name = "plain";
    write("plain", plain);
    ModelConfig blind = test::tiny_config();
    blind.restorer = nullptr;
    write("blind", blind);
  }

  void write(const std::string& name, const ModelConfig& config) {
    std::filesystem::create_directory(folder_ / name);
    write_safetensors(folder_ / name / "model.safetensors", test::tiny_model(config));
  }

  ModelFile read(const std::string& text) {
    std::filesystem::create_directory(folder_ / "team");
    write_text(folder_ / "team/experts.toml", text);
    return read_model_file(folder_ / "team/experts.toml");
  }

  std::string refusal(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  test::TempFolder folder_;
};

TEST_F(Experts, a_table_is_its_base_with_the_experts_beside_it) {
  const ModelFile file = read("base = \"base\"\n[experts]\nrainy = \"plain\"\nnoisy = [\"plain\", \"plain\"]\n");
  EXPECT_EQ(file.config.name, "team");
  EXPECT_EQ(file.config.labels.size(), kLabels.size());
  ASSERT_EQ(file.experts.size(), 3u);
  NativeBackend backend;
  const LoadedModel model = load_model(backend, file);
  ASSERT_TRUE(model.experts.contains("rainy"));
  EXPECT_EQ(model.experts.at("noisy").size(), 2u);
  const Expert& rain = *model.experts.at("rainy").front();
  EXPECT_EQ(rain.name(), "plain");
  EXPECT_TRUE(rain.weights(backend).contains("restorer.intro.weight"));
  EXPECT_FALSE(model.experts.contains("hazy"));
}

TEST_F(Experts, are_found_by_the_name_of_the_tables_folder) {
  read("base = \"base\"\n[experts]\nrainy = \"plain\"\n");
  EXPECT_EQ(find_model((folder_ / "team").string()), folder_ / "team/experts.toml");
}

TEST_F(Experts, a_table_that_does_not_fit_is_refused_with_line_and_reason) {
  const std::string base = "base = \"base\"\n[experts]\n";
  EXPECT_NE(refusal("base = \"base\"\n").find("expected base = \"MODEL\" and a table [experts]"), std::string::npos);
  EXPECT_NE(refusal(base).find("at least one label"), std::string::npos);
  EXPECT_NE(refusal("base = \n").find("experts.toml:1: "), std::string::npos);
  EXPECT_NE(refusal("bass = \"base\"\n" + base).find("experts.toml:1: bass: "), std::string::npos);
  EXPECT_NE(refusal(base + "foggy = \"plain\"\n").find("experts.toml:3: foggy: expected a kind of damage"),
            std::string::npos);
  EXPECT_NE(refusal(base + "clean = \"plain\"\n").find("clean: expected a kind of damage"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = 3\n").find("rainy: expected a model"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = []\n").find("rainy: expected a model"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = [\"plain\", 1]\n").find("rainy: expected a model"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = \"absent\"\n").find("absent is not installed"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = \"base\"\n").find("takes embeddings"), std::string::npos);
  EXPECT_NE(refusal(base + "rainy = \"blind\"\n").find("restores nothing"), std::string::npos);
  EXPECT_NE(refusal("base = \"plain\"\n[experts]\nrainy = \"plain\"\n").find("recognises and restores"),
            std::string::npos);
  EXPECT_NE(refusal("base = \"team/experts.toml\"\n[experts]\nrainy = \"plain\"\n").find("is a table itself"),
            std::string::npos);
}

}  // namespace
}  // namespace daclip
