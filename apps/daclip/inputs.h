// What the command line names as inputs, and which file each of them becomes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "image/io.h"

namespace daclip::app {

struct Input {
  std::filesystem::path path;      // "-" is standard input
  std::filesystem::path relative;  // where it belongs below an output folder, without the picture's ending
  bool standard_input() const { return path == "-"; }
};

struct InputList {
  std::vector<Input> inputs;
  std::vector<std::string> problems;  // one line each: folders without pictures
};

// Files are taken as they are named; of folders, in name order, the files with a picture's ending, hidden ones and
// those below `excluded` (an output folder) left out; sub-folders only with `recursive`. Throws UsageError where
// standard input is named twice.
InputList list_inputs(const std::vector<std::string>& arguments, bool recursive,
                      const std::filesystem::path& excluded = {});

// Reads and decodes; throws what read_image throws.
Image read_input(const Input& input);

struct OutputOptions {
  std::string out;     // a file (one input, ending of a picture), a folder, or "-" for standard output
  std::string format;  // as image_format() takes it; empty: by the file's ending, PNG in folders
  int quality = 95;
  bool recursive = false;
  bool skip_existing = false;
};

struct Job {
  Input input;
  std::filesystem::path output;  // "-" is standard output
  bool exists = false;           // a file is there, to be kept where already_done()
};

struct Plan {
  std::vector<Job> jobs;
  std::vector<std::string> problems;
  const ImageFormat* format = nullptr;  // never null in a plan that plan_jobs made
};

// Decides every output and makes the output folder. Throws UsageError where two inputs would write one file, an output
// would replace an input, OUT does not fit the inputs, or the folder cannot be written.
Plan plan_jobs(const std::vector<std::string>& arguments, const OutputOptions& options);

// Whether the output can be kept: it exists and is a whole picture, not one that a full disk or a crash cut off.
bool already_done(const Job& job);

// Encodes and writes, making sub-folders as needed. Throws IoError; then nothing is left behind.
void write_output(const Job& job, const Image& image, const ImageFormat& format, int quality);

}  // namespace daclip::app
