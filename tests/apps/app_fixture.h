// A folder with a tiny model and a few photos, and the program run in it.
#pragma once

#include <gtest/gtest.h>

#include "apps/program.h"
#include "image/io.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip::test {

class AppTest : public testing::Test {
 protected:
  AppTest() { write_safetensors(folder_ / "tiny.safetensors", tiny_model()); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string photo(const std::string& name, int width = 48, int height = 40, uint64_t seed = 1) {
    return photo(name, test_photo(width, height, seed));
  }
  std::string photo(const std::string& name, const Image& image) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, image, *format_of_name(name));
    return path(name);
  }
  std::string folder(const std::string& name) {
    std::filesystem::create_directories(folder_ / name);
    return path(name);
  }

  // restore with the tiny model; a degradation is named so that the network always runs.
  Outcome restore(std::vector<std::string> arguments, const std::string& input = "") {
    const std::vector<std::string> common = {"restore", "--model", path("tiny.safetensors"), "--degradation", "noisy"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return run_program(arguments, input);
  }

  TempFolder folder_;
};

// One line on standard error that starts with the program's name and holds `words`.
inline void expect_one_line(const Outcome& outcome, int code, const std::string& words) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(lines_in(outcome.err), 1u) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("daclip: ")) << outcome.err;
  EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
}

}  // namespace daclip::test
