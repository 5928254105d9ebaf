// The results of an evaluation for one image and method, and for a whole set; and their files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace daclip {

// A metric is absent if it does not apply: no truth, no weights, an earlier error, or for SSIM an image smaller than
// its window. PSNR is infinite for equal images.
struct Result {
  std::string dataset;      // name of the test set
  std::string degradation;  // its labels joined by '+', such as "rainy+hazy"; may be empty
  std::string image;        // file name without ending
  std::string method;       // name of the model or of the folder of outputs

  std::optional<double> psnr, ssim, psnr_y, ssim_y, lpips;  // of the output against the truth
  std::optional<double> psnr_input, ssim_input;             // of the input against the truth
  // label recognised in the input; empty if none was requested
  std::string predicted;
  double confidence = 0;  // its probability
  double seconds = 0;     // for restoration, including recognition
  std::string error;      // one line; empty if there was no error

  // Further columns of the CSV; also in the JSONL.
  std::optional<double> lpips_input, brisque, brisque_input;
  bool untouched = false;  // returned unchanged: nothing to repair was recognised
  bool unsure = false;     // recognition confidence below the threshold in pipeline/confidence.h

  // Only in the JSONL.
  std::vector<std::string> truth;               // the set's labels, as the model and core/labels.h spell them
  std::map<std::string, double> probabilities;  // of all labels
};

// A figure of a whole set, such as "frechet-alex".
struct SetFigure {
  std::string dataset, method, name;
  double value = 0;
  int images = 0;  // number of images that it is based on
};

// Comma-separated columns: dataset, degradation, image, method, psnr, ssim, psnr_y, ssim_y, lpips, psnr_input,
// ssim_input, predicted, confidence, seconds, error, then the further ones. Quoted by RFC 4180. Absent values are
// empty, infinite ones "inf".
void write_results_csv(const std::filesystem::path& path, const std::vector<Result>& results);

// Accepts the columns in any order; missing columns become absent values. Throws IoError, FormatError naming file and
// line.
std::vector<Result> read_results_csv(const std::filesystem::path& path);

// One JSON object without line break. Infinite values are the text "inf".
std::string to_json_line(const Result& result);

// Throws FormatError naming the invalid entry.
Result result_from_json_line(const std::string& line);

struct ResultLines {
  std::vector<Result> results;        // in the order of the file; the last line for an image and method wins
  std::vector<std::string> problems;  // damaged lines, which are ignored: "FILE: line N: ..."
};

// Throws IoError.
ResultLines read_results_jsonl(const std::filesystem::path& path);

// sets.jsonl, next to the results.
void write_set_figures(const std::filesystem::path& path, const std::vector<SetFigure>& figures);
std::vector<SetFigure> read_set_figures(const std::filesystem::path& path);

// Path of an evaluation's picture in the report's folder: images/<dataset>/<image>.<who>.png, where `who` is a method,
// "input" or "truth". Characters that are not allowed in file names are replaced.
std::filesystem::path picture_path(const std::filesystem::path& report, const std::string& dataset,
                                   const std::string& image, const std::string& who);

}  // namespace daclip
