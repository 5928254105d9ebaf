// Runs the built program as a user would: arguments, standard input, and what came back.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/files.h"
#include "pipeline/temp_folder.h"

extern char** environ;

namespace daclip::test {

struct Outcome {
  int code = -1;  // exit code, or -1 where a signal ended it
  std::string out, err;
};

inline std::string read_text(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return std::string(bytes.begin(), bytes.end());
}

// `out`: where standard output goes instead of being caught.
inline Outcome run_program(const std::vector<std::string>& arguments, const std::string& input = "",
                           const std::filesystem::path& out = {}) {
  const TempFolder folder;
  write_text(folder / "in", input);
  const std::string in_path = (folder / "in").string(), err_path = (folder / "err").string();
  const std::string out_path = out.empty() ? (folder / "out").string() : out.string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in_path.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_path.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), DACLIP_PROGRAM);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  Outcome outcome;
  const int error = ::posix_spawn(&child, DACLIP_PROGRAM, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return outcome;
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (out.empty()) outcome.out = read_text(out_path);
  outcome.err = read_text(err_path);
  return outcome;
}

// Names in a folder and below, so that leftovers show.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

inline size_t lines_in(const std::string& text) { return size_t(std::count(text.begin(), text.end(), '\n')); }

}  // namespace daclip::test
