// A temporary folder with small generated photos and texts.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "image/io.h"
#include "photos.h"
#include "pipeline/temp_folder.h"

namespace daclip::test {

class FolderTest : public testing::Test {
 protected:
  void picture(const std::string& name, int width = 20, int height = 16, uint64_t seed = 1) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, from_rgb(to_float_image(made_pixels(width, height, seed), width, height)),
                *format_of_name(name));
  }
  void text(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  TempFolder folder_;
};

}  // namespace daclip::test
