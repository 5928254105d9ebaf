// Runs a client of the C API that is compiled as C11 and linked with the shared library.
#include <gtest/gtest.h>

#include <cstdlib>

#include "pipeline/temp_folder.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

TEST(CApi, a_c_program_can_call_every_function) {
  const test::TempFolder folder;
  write_safetensors(folder / "model.safetensors", test::with_words(test::tiny_config()));
  write_safetensors(folder / "diffusion.safetensors", test::tiny_model(test::tiny_diffusion_config()));
  const std::string command = "'" DACLIP_C_CLIENT "' '" + folder.path().string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace daclip
