#include "inputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "image/formats.h"

namespace daclip::app {
namespace {

namespace fs = std::filesystem;

// "holiday.jpg" -> "holiday", but "version.2" stays.
fs::path without_ending(const fs::path& path) {
  return format_of_name(path) ? fs::path(path).replace_extension() : path;
}

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// The first bytes of a file, enough to tell its format; none where it cannot be read.
std::vector<uint8_t> head_of(const fs::path& path) {
  constexpr std::streamsize kEnough = 1 << 18;  // an MPO's index follows its EXIF block
  std::vector<uint8_t> bytes(kEnough);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), kEnough);
  bytes.resize(size_t(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

// The format by the ending where the content agrees, else by the content; null where both say nothing.
const ImageFormat* format_of_file(const fs::path& path) {
  const std::vector<uint8_t> head = head_of(path);
  const ImageFormat* named = format_of_name(path);
  if (named && named->matches(head)) return named;
  const ImageFormat* found = detect_format(head);
  return found ? found : named;
}

// What a folder holds besides its pictures.
class LeftOut {
 public:
  void add(std::string_view kind, const fs::path& path) {
    named_[std::string(kind)].push_back(path.filename().string());
  }
  void add_other() { ++others_; }
  bool has_pictures() const { return !named_.empty(); }

  // "left out: 2 HEIC (a.heic, b.heic), 1 dangling link (c.jpg), 3 other files"; empty where nothing is.
  std::string line() const {
    constexpr size_t kNamed = 5;
    std::vector<std::string> parts;
    for (const auto& [kind, names] : named_) {
      const std::vector<std::string> first(names.begin(), names.begin() + ptrdiff_t(std::min(names.size(), kNamed)));
      parts.push_back(cat(names.size(), " ", kind, " (", joined(first), names.size() > kNamed ? ", ..." : "", ")"));
    }
    if (others_ > 0) parts.push_back(cat(others_, others_ == 1 ? " other file" : " other files"));
    return parts.empty() ? "" : "left out: " + joined(parts);
  }

 private:
  std::map<std::string, std::vector<std::string>> named_;
  size_t others_ = 0;
};

bool has_suffix(const fs::path& path, const std::string& suffix) {
  return !suffix.empty() && path.stem().string().ends_with(suffix);
}

void list_file(const fs::directory_entry& entry, const Excluded& excluded, std::vector<fs::path>& found,
               LeftOut& rest) {
  const fs::path& path = entry.path();
  std::error_code error;
  if (hidden(path) || has_suffix(path, excluded.suffix)) return;
  const ImageFormat* named = format_of_name(path);
  if (entry.is_symlink(error) && !entry.exists(error)) {
    if (named) rest.add("dangling link", path);
    return;
  }
  if (!entry.is_regular_file(error)) return;
  const ImageFormat* format = named && !named->decode ? format_of_file(path) : named;
  if (!format)
    rest.add_other();
  else if (format->decode)
    found.push_back(path);
  else
    rest.add(cat(format->title, ", which this build does not read"), path);
}

void list_folder(const fs::path& folder, bool recursive, const Excluded& excluded, InputList& list, LeftOut& rest) {
  std::vector<fs::path> found;
  try {
    for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
      std::error_code error;  // of links that lead in a circle
      if (it->is_directory(error)) {
        if (!recursive || hidden(it->path()) || (!excluded.folder.empty() && resolved(it->path()) == excluded.folder))
          it.disable_recursion_pending();
      } else {
        list_file(*it, excluded, found, rest);
      }
    }
  } catch (const fs::filesystem_error& error) {
    list.problems.push_back(cat(folder.string(), ": cannot be read: ", error.code().message()));
  }
  if (found.empty() && list.problems.empty())
    list.problems.push_back(
        cat(folder.string(), rest.has_pictures() ? ": nothing that can be read" : ": no pictures in this folder"));
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) list.inputs.push_back({path, without_ending(path.lexically_relative(folder))});
}

bool writes_one_file(const std::vector<std::string>& arguments, const OutputOptions& options) {
  std::error_code error;
  if (options.out.ends_with('/') || fs::is_directory(options.out, error) || !format_of_name(options.out)) return false;
  if (arguments.size() > 1 || fs::is_directory(arguments.front(), error))
    throw UsageError(
        cat("several inputs need a folder for their outputs, but ", options.out, " is named like one picture"));
  return true;
}

const ImageFormat& format_of_file_output(const OutputOptions& options) {
  const ImageFormat& named = *format_of_name(options.out);
  if (!named.encode) throw UsageError(cat(options.out, ": ", not_written(named)));
  if (!options.format.empty() && &image_format(options.format) != &named)
    throw UsageError(cat(options.out, ": its ending says otherwise than --format ", options.format));
  return named;
}

std::vector<uint8_t> read_standard_input() {
  std::vector<uint8_t> bytes;
  uint8_t part[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(cat("standard input: cannot be read: ", std::strerror(errno)));
    if (n == 0) return bytes;
    bytes.insert(bytes.end(), part, part + n);
  }
}

// Read once: the plan looks at its format before the work starts.
const std::vector<uint8_t>& standard_input() {
  static const std::vector<uint8_t> bytes = read_standard_input();
  return bytes;
}

// The format of an output whose name the user leaves to us.
const ImageFormat& format_of_output(const Input& input, const OutputOptions& options) {
  if (!options.format.empty()) return image_format(options.format);
  const bool own = options.fallback.empty();
  if (!own && !options.all_pages) return image_format(options.fallback);
  const ImageFormat* format = input.standard_input() ? detect_format(standard_input()) : format_of_file(input.path);
  if (!format) return image_format("png");
  if (options.all_pages && format->pages) return image_format("tiff");
  return format->encode ? *format : image_format(format->written_as);
}

// The input's own ending where it is one of the output's format: "photo.JPG" stays.
std::string ending_of_output(const Input& input, const OutputOptions& options, const ImageFormat& format) {
  const bool own = options.format.empty() && options.fallback.empty();
  if (own && format_of_name(input.path) == &format) return input.path.extension().string();
  return std::string(format.endings.front());
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, error))
    throw IoError(
        cat(folder.string(), ": this output folder cannot be made: ", error ? error.message() : "a file has its name"));
  if (::access(folder.c_str(), W_OK) != 0)
    throw IoError(cat(folder.string(), ": this output folder cannot be written"));
}

void refuse_collisions(const Plan& plan) {
  std::map<fs::path, const Job*> outputs;
  for (const Job& job : plan.jobs) {
    const auto [it, added] = outputs.emplace(resolved(job.output), &job);
    if (!added)
      throw UsageError(cat(it->second->input.path.string(), " and ", job.input.path.string(), " would both write ",
                           job.output.string(), "; nothing was done"));
  }
  for (const Job& job : plan.jobs) {
    if (job.input.standard_input()) continue;
    const auto it = outputs.find(resolved(job.input.path));
    if (it != outputs.end())
      throw UsageError(cat(it->second->output.string(), " would replace an input; nothing was done"));
  }
}

Plan plan_standard_output(const std::vector<std::string>& arguments, const OutputOptions& options) {
  std::error_code error;
  if (arguments.size() > 1 || fs::is_directory(arguments.front(), error))
    throw UsageError("standard output takes one picture only; give a folder with -o");
  if (::isatty(STDOUT_FILENO))
    throw UsageError("a picture is not written to the terminal; redirect it or name a file with -o");
  Plan plan;
  const Input input = list_inputs(arguments, false).inputs.front();
  plan.jobs.push_back({input, "-", &format_of_output(input, options), false});
  return plan;
}

void refuse_input_as_output(const std::vector<std::string>& arguments, const OutputOptions& options) {
  std::error_code error;
  for (const std::string& argument : arguments)
    if (options.suffix.empty() && fs::is_directory(argument, error) && resolved(argument) == resolved(options.out))
      throw UsageError(cat(options.out, " is an input folder too; name another one with -o, or give a --suffix"));
}

}  // namespace

InputList list_inputs(const std::vector<std::string>& arguments, bool recursive, const Excluded& excluded) {
  if (std::count(arguments.begin(), arguments.end(), "-") > 1)
    throw UsageError("- (standard input) can be given once only");
  InputList list;
  LeftOut rest;
  const Excluded below = {excluded.folder.empty() ? fs::path() : resolved(excluded.folder), excluded.suffix};
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-")
      list.inputs.push_back({"-", "stdin"});
    else if (fs::is_directory(argument, error))
      list_folder(argument, recursive, below, list, rest);
    else
      list.inputs.push_back({argument, without_ending(fs::path(argument).filename())});
  }
  list.left_out = rest.line();
  return list;
}

Photo read_photo(const Input& input) {
  Photo photo;
  photo.bytes = input.standard_input() ? standard_input() : read_file(input.path);
  photo.format = detect_format(photo.bytes);
  const std::string where = input.standard_input() ? "standard input" : input.path.string();
  photo.image =
      photo.format ? decode_as(*photo.format, photo.bytes, where, {}, &photo.turned) : decode_image(photo.bytes, where);
  return photo;
}

Image read_input(const Input& input) { return read_photo(input).image; }

Plan plan_jobs(const std::vector<std::string>& arguments, const OutputOptions& options) {
  if (options.out == "-") return plan_standard_output(arguments, options);
  const bool one_file = writes_one_file(arguments, options);
  const ImageFormat* format = one_file ? &format_of_file_output(options) : nullptr;
  const fs::path out = options.out;
  if (!one_file) refuse_input_as_output(arguments, options);
  Plan plan;
  InputList list = list_inputs(arguments, options.recursive, {one_file ? fs::path() : out, options.suffix});
  plan.problems = std::move(list.problems);
  plan.left_out = std::move(list.left_out);
  std::error_code error;
  for (const Input& input : list.inputs) {
    Job job{input, out, format, false};
    if (!one_file) {
      job.format = &format_of_output(input, options);
      job.output /= input.relative;
      job.output += options.suffix + ending_of_output(input, options, *job.format);
    }
    job.exists = options.skip_existing && fs::exists(job.output, error);
    plan.jobs.push_back(std::move(job));
  }
  refuse_collisions(plan);
  if (!one_file)
    make_folder(out);
  else if (out.has_parent_path())
    make_folder(out.parent_path());
  return plan;
}

void check_all_pages(const Photo& photo, const Job& job) {
  if (!photo.format->pages)
    throw UsageError(cat("the pictures of ", photo.format->title, " cannot be read one by one"));
  if (job.format != &image_format("tiff"))
    throw UsageError(
        cat(job.format->title, " holds one picture, this file ", photo.image.source.pages, "; choose --format tiff"));
}

bool already_done(const Job& job) {
  if (!job.exists) return false;
  try {
    read_image(job.output);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool can_be_copied(const Photo& photo, const ImageFormat& format) {
  return !photo.turned && is_also(*photo.format, format);
}

EncodeOptions encoding_of(const Photo& photo, const ImageFormat& format, int quality) {
  EncodeOptions options;
  options.quality = quality > 0 ? quality : kDefaultQuality;
  if (quality > 0 || !is_also(*photo.format, format) || photo.image.source.quality == 0) return options;
  options.quality = std::max(photo.image.source.quality, kLeastQuality);
  options.subsampling = photo.image.source.subsampling;
  return options;
}

void write_output(const Job& job, std::span<const uint8_t> bytes) {
  if (job.output != "-") {
    std::error_code error;
    if (job.output.has_parent_path()) std::filesystem::create_directories(job.output.parent_path(), error);
    write_file_atomically(job.output, bytes);
    return;
  }
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw IoError(cat("standard output: cannot be written: ", std::strerror(errno)));
    written += size_t(n);
  }
}

void write_output(const Job& job, const Image& image, const EncodeOptions& options) {
  write_output(job, encode_image(image, *job.format, options));
}

}  // namespace daclip::app
