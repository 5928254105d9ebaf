#include "inputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "image/formats.h"

namespace daclip::app {
namespace {

namespace fs = std::filesystem;

// "holiday.jpg" -> "holiday", but "version.2" stays.
fs::path without_ending(const fs::path& path) {
  return format_of_name(path) ? fs::path(path).replace_extension() : path;
}

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void list_folder(const fs::path& folder, bool recursive, const fs::path& excluded, InputList& list) {
  std::vector<fs::path> found;
  try {
    for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
      if (it->is_directory()) {
        if (!recursive || hidden(it->path()) || (!excluded.empty() && resolved(it->path()) == excluded))
          it.disable_recursion_pending();
      } else if (it->is_regular_file() && !hidden(it->path()) && format_of_name(it->path())) {
        found.push_back(it->path());
      }
    }
  } catch (const fs::filesystem_error& error) {
    list.problems.push_back(cat(folder.string(), ": cannot be read: ", error.code().message()));
  }
  if (found.empty() && list.problems.empty())
    list.problems.push_back(cat(folder.string(), ": no pictures in this folder"));
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

const ImageFormat& chosen_format(const OutputOptions& options, bool one_file) {
  if (!one_file) return image_format(options.format.empty() ? "png" : options.format);
  const ImageFormat& named = *format_of_name(options.out);
  if (!named.encode) throw UsageError(cat(options.out, ": ", not_written(named)));
  if (!options.format.empty() && &image_format(options.format) != &named)
    throw UsageError(cat(options.out, ": its ending says otherwise than --format ", options.format));
  return named;
}

std::vector<uint8_t> standard_input_bytes() {
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

}  // namespace

InputList list_inputs(const std::vector<std::string>& arguments, bool recursive, const fs::path& excluded) {
  if (std::count(arguments.begin(), arguments.end(), "-") > 1)
    throw UsageError("- (standard input) can be given once only");
  InputList list;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-")
      list.inputs.push_back({"-", "stdin"});
    else if (fs::is_directory(argument, error))
      list_folder(argument, recursive, excluded.empty() ? fs::path() : resolved(excluded), list);
    else
      list.inputs.push_back({argument, without_ending(fs::path(argument).filename())});
  }
  return list;
}

Image read_input(const Input& input) {
  if (!input.standard_input()) return read_image(input.path);
  return decode_image(standard_input_bytes(), "standard input");
}

Plan plan_jobs(const std::vector<std::string>& arguments, const OutputOptions& options) {
  Plan plan;
  std::error_code error;
  if (options.out == "-") {
    if (arguments.size() > 1 || fs::is_directory(arguments.front(), error))
      throw UsageError("standard output takes one picture only; give a folder with -o");
    if (::isatty(STDOUT_FILENO))
      throw UsageError("a picture is not written to the terminal; redirect it or name a file with -o");
    plan.format = &chosen_format(options, false);
    plan.jobs.push_back({list_inputs(arguments, false).inputs.front(), "-", false});
    return plan;
  }
  const bool one_file = writes_one_file(arguments, options);
  plan.format = &chosen_format(options, one_file);
  const fs::path out = options.out;
  if (!one_file)
    for (const std::string& argument : arguments)
      if (fs::is_directory(argument, error) && resolved(argument) == resolved(out))
        throw UsageError(cat(options.out, " is an input folder too; name another one with -o"));
  InputList list = list_inputs(arguments, options.recursive, one_file ? fs::path() : out);
  plan.problems = std::move(list.problems);
  for (const Input& input : list.inputs) {
    Job job{input, out, false};
    if (!one_file) {
      job.output /= input.relative;
      job.output += plan.format->endings.front();
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

bool already_done(const Job& job) {
  if (!job.exists) return false;
  try {
    read_image(job.output);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void write_output(const Job& job, const Image& image, const ImageFormat& format, int quality) {
  EncodeOptions options;
  options.quality = quality;
  if (job.output != "-") {
    std::error_code error;
    if (job.output.has_parent_path()) std::filesystem::create_directories(job.output.parent_path(), error);
    write_image(job.output, image, format, options);
    return;
  }
  const std::vector<uint8_t> bytes = encode_image(image, format, options);
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw IoError(cat("standard output: cannot be written: ", std::strerror(errno)));
    written += size_t(n);
  }
}

}  // namespace daclip::app
