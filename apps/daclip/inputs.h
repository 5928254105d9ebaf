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
  std::string left_out;               // one line on the other files of the folders; empty where there are none
};

// Which files of folders are no inputs.
struct Excluded {
  std::filesystem::path folder;  // an output folder inside
  std::string suffix;            // names that end so before their ending: outputs of an earlier run
};

// Files are taken as they are named; of folders, in name order, the pictures that this build reads, by their endings
// or, where those promise another format, their content. Hidden files are left out; sub-folders are taken only with
// `recursive`. Throws UsageError where standard input is named twice.
InputList list_inputs(const std::vector<std::string>& arguments, bool recursive, const Excluded& excluded = {});

// A picture, and the file that it was read from.
struct Photo {
  Image image;
  std::vector<uint8_t> bytes;
  const ImageFormat* format = nullptr;
  bool turned = false;  // the file holds it in another orientation
};

// Reads and decodes; throws what read_image throws.
Photo read_photo(const Input& input);
Image read_input(const Input& input);

struct OutputOptions {
  std::string out;               // a file (one input, ending of a picture), a folder, or "-" for standard output
  std::string format;            // as image_format() takes it; empty: by the file's ending, `fallback` in folders
  std::string fallback = "png";  // empty: the input's own format, or one that holds it where that is only read
  std::string suffix;            // before the ending of outputs in a folder
  int quality = 0;               // 0: of the input's own format like the input, else kDefaultQuality
  bool all_pages = false;        // inputs that may hold several pictures go to a format that can
  bool recursive = false;
  bool skip_existing = false;
};

inline constexpr int kDefaultQuality = 95;

struct Job {
  Input input;
  std::filesystem::path output;         // "-" is standard output
  const ImageFormat* format = nullptr;  // of the output
  bool exists = false;                  // a file is there, to be kept where already_done()
};

struct Plan {
  std::vector<Job> jobs;
  std::vector<std::string> problems;
  std::string left_out;
};

// Decides every output and makes the output folder. Throws UsageError where two inputs would write one file, an output
// would replace an input, OUT does not fit the inputs, or the folder cannot be written.
Plan plan_jobs(const std::vector<std::string>& arguments, const OutputOptions& options);

// Whether the output can be kept: it exists and is a whole picture, not one that a full disk or a crash cut off.
bool already_done(const Job& job);

// Throws UsageError where the photo's pictures cannot be read one by one, or the job's format holds one only.
void check_all_pages(const Photo& photo, const Job& job);

// What to encode a picture with that was made from this one: `quality` where it is given (not 0); else, where the
// formats are the same, like the input, though a JPEG no worse than kLeastQuality: worse would undo the repair.
inline constexpr int kLeastQuality = 75;
EncodeOptions encoding_of(const Photo& photo, const ImageFormat& format, int quality);

// Whether the file's own bytes show the photo as it was read, in this format.
bool can_be_copied(const Photo& photo, const ImageFormat& format);

// Writes a file or to standard output, making sub-folders as needed. Throws IoError; then nothing is left behind.
void write_output(const Job& job, std::span<const uint8_t> bytes);

// Encodes in the job's format and writes. Throws what encode_image and write_output throw.
void write_output(const Job& job, const Image& image, const EncodeOptions& options);

}  // namespace daclip::app
