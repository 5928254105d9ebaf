// What the file system allows, refuses and loses: names, limits, broken outputs, signals.
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "apps/app_fixture.h"
#include "sanitizer.h"

namespace daclip::test {
namespace {

using FileSystem = AppTest;

TEST_F(FileSystem, a_name_as_long_as_the_system_allows_is_written) {
  const std::string name(251, 'x');
  photo("in/" + name + ".png");
  const Outcome outcome = restore({path("in"), "-o", path("out")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(names_in(path("out")), std::vector<std::string>{name + ".png"});
}

TEST_F(FileSystem, a_link_to_itself_ends_no_folder) {
  for (const char* name : {"in/a.png", "in/m/b.png", "in/z.png"}) photo(name);
  std::filesystem::create_symlink("loop.jpg", folder_ / "in/loop.jpg");
  std::filesystem::create_symlink("circle", folder_ / "in/circle");
  const Outcome outcome = restore({path("in"), "-r", "-o", path("out")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(names_in(path("out")), (std::vector<std::string>{"a.png", "m", "m/b.png", "z.png"}));
  EXPECT_NE(outcome.err.find("left out: 1 dangling link (loop.jpg)"), std::string::npos) << outcome.err;
}

TEST_F(FileSystem, a_file_above_the_size_limit_is_a_failed_write_that_leaves_nothing) {
  if (kThreadSanitizer) GTEST_SKIP() << "the sanitizer itself needs larger files";
  const std::string in = photo("in.png", 200, 200);
  folder("out");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{20'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);  // children inherit it
  const Outcome outcome = restore({in, "-o", path("out/a.png")});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  expect_one_line(outcome, 1, "a.png: cannot be written: File too large");
  EXPECT_TRUE(names_in(path("out")).empty());
}

TEST_F(FileSystem, skip_existing_does_an_empty_or_broken_output_again) {
  for (const char* name : {"in/whole.png", "in/empty.png", "in/cut.png"}) photo(name);
  ASSERT_EQ(restore({path("in"), "-o", path("out")}).code, 0);
  const std::vector<uint8_t> good = read_file(folder_ / "out/cut.png");
  write_text(folder_ / "out/empty.png", "");
  write_file_atomically(folder_ / "out/cut.png", std::span(good).first(good.size() / 2));
  const Outcome outcome = restore({path("in"), "-o", path("out"), "--skip-existing"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("whole.png: kept"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("2 restored, 1 kept"), std::string::npos) << outcome.err;
  EXPECT_EQ(read_file(folder_ / "out/cut.png"), good);
  EXPECT_EQ(read_image(folder_ / "out/empty.png").width, 48);
}

TEST_F(FileSystem, control_characters_in_names_do_not_reach_a_terminal) {
  const std::string in = photo("red\x1b[31m\xc2\x9b.png");
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0);
  const std::string screen = ::ptsname(terminal);
  const int held = ::open(screen.c_str(), O_RDWR | O_NOCTTY);  // what is written stays readable after the program
  const std::vector<std::string> classify = {"classify", "--model", path("tiny.safetensors"), in};
  ASSERT_EQ(run_program(classify, "", screen).code, 0);
  char text[4096];
  const ssize_t size = ::read(terminal, text, sizeof text);
  ::close(held);
  ::close(terminal);
  ASSERT_GT(size, 0);
  const std::string line(text, size_t(size));
  EXPECT_NE(line.find("red\\x1b[31m"), std::string::npos) << line;
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\x9b'), std::string::npos);
  // Programs that read a pipe get the name as it is.
  EXPECT_NE(run_program(classify).out.find(in), std::string::npos);
}

TEST(Signals, remove_the_temporary_file_of_an_unfinished_write) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const TempFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
      prepare_signals();
      const std::vector<uint8_t> bytes(32 << 20);
      for (;;) write_file_atomically(folder / "out", bytes);
    }
    const auto writing = [&] {
      for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        if (entry.path().filename() != "out") return true;
      return false;
    };
    while (!writing()) ::usleep(100);
    ::kill(child, signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << signal;
    EXPECT_FALSE(writing()) << signal;
  }
}

}  // namespace
}  // namespace daclip::test
