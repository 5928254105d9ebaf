#include "core/files.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "pipeline/temp_folder.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

TEST(WriteText, replaces_what_was_there_byte_for_byte) {
  const test::TempFolder folder;
  write_text(folder / "a.txt", "something longer");
  write_text(folder / "a.txt", std::string_view("a\0b\r\n", 5));
  EXPECT_EQ(read_file(folder / "a.txt"), (std::vector<uint8_t>{'a', 0, 'b', '\r', '\n'}));
}

TEST(WriteText, takes_names_of_any_length_that_the_system_allows) {
  const test::TempFolder folder;
  const fs::path longest = folder / std::string(255, 'x');
  write_text(longest, "a");
  write_text(longest, "b");
  EXPECT_EQ(read_file(longest), std::vector<uint8_t>{'b'});
  EXPECT_THROW(write_text(folder / std::string(256, 'x'), "a"), IoError);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(WriteText, leaves_nothing_where_a_write_fails) {
  const test::TempFolder folder;
  fs::create_directories(folder / "taken" / "full");  // no file replaces a folder
  EXPECT_THROW(write_text(folder / "taken", "a"), IoError);
  EXPECT_THROW(write_text(folder / "missing" / "a", "a"), IoError);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(WriteText, removes_what_killed_processes_left_in_the_folder_and_nothing_else) {
  const test::TempFolder folder;
  const pid_t killed = ::fork();
  if (killed == 0) ::_exit(0);
  ::waitpid(killed, nullptr, 0);
  const std::string left = cat(".daclip-", killed, "-7"), running = cat(".daclip-", ::getppid(), "-7");
  const std::string others[] = {running, left + "x", ".daclip-0-7", ".daclip-settings", "a.png"};
  for (const std::string& name : others) std::ofstream(folder / name) << "a";
  std::ofstream(folder / left) << "half a pict";
  write_text(folder / "b.png", "b");
  EXPECT_FALSE(fs::exists(folder / left));
  for (const std::string& name : others) EXPECT_TRUE(fs::exists(folder / name)) << name;
}

TEST(Resolved, names_a_place_alike_by_every_way_to_it) {
  const test::TempFolder folder;
  const fs::path real = resolved(folder.path()) / "real";
  fs::create_directories(real / "sub");
  fs::create_directory_symlink(real, folder / "link");
  EXPECT_EQ(resolved(folder / "link" / "sub"), real / "sub");
  EXPECT_EQ(resolved(folder / "link" / "." / "sub" / ".." / "new" / "a.png"), real / "new" / "a.png");
}

TEST(Resolved, is_absolute_where_nothing_is_there) {
  EXPECT_EQ(resolved("nowhere/../no/a.png"), resolved(".") / "no" / "a.png");
}

TEST(Resolved, of_no_path_is_none) { EXPECT_EQ(resolved(""), fs::path()); }

TEST(Resolved, names_links_in_a_circle_as_they_are) {
  const test::TempFolder folder;
  fs::create_symlink(folder / "b", folder / "a");
  fs::create_symlink(folder / "a", folder / "b");
  EXPECT_EQ(resolved(folder.path() / "." / "a"), folder / "a");
}

}  // namespace
}  // namespace daclip
