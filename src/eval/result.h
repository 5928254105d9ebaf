// What an evaluation says of one image and one method, and of a whole set; the files that hold it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace daclip {

// Metrics are absent where they do not apply: without truth, without weights, where an error came before, SSIM where the
// image is smaller than its window. PSNR is infinite for equal images.
struct Result {
  std::string dataset;      // name of the test set
  std::string degradation;  // its labels joined by '+', as in "rainy+hazy"; may be empty
  std::string image;        // name without ending
  std::string method;       // the model's name, or that of a folder of outputs

  std::optional<double> psnr, ssim, psnr_y, ssim_y, lpips;  // of the output against the truth
  std::optional<double> psnr_input, ssim_input;             // of the input against the truth
  std::string predicted;                                    // the label recognised in the input; empty: none was asked
  double confidence = 0;                                    // its probability
  double seconds = 0;                                       // of restoring, recognition included
  std::string error;                                        // one line; empty: all went well

  // Behind the columns of the CSV, and in the JSONL.
  std::optional<double> lpips_input, brisque, brisque_input;
  bool untouched = false;  // recognised as clean and returned as it came
  bool unsure = false;     // recognition below pipeline/confidence.h's threshold

  // In the JSONL only.
  std::vector<std::string> truth;               // the set's labels, as the model and core/labels.h spell them
  std::map<std::string, double> probabilities;  // of every label
};

// A figure of all images of a set, such as "frechet-alex".
struct SetFigure {
  std::string dataset, method, name;
  double value = 0;
  int images = 0;  // how many it is of
};

// The columns, comma separated: dataset, degradation, image, method, psnr, ssim, psnr_y, ssim_y, lpips, psnr_input,
// ssim_input, predicted, confidence, seconds, error, then the further ones. Quoted as RFC 4180 says; absent values are
// empty, infinite ones "inf".
void write_results_csv(const std::filesystem::path& path, const std::vector<Result>& results);

// Columns by name in any order, missing ones absent. Throws IoError, FormatError naming file and line.
std::vector<Result> read_results_csv(const std::filesystem::path& path);

// One JSON object, without the line's end; infinite values are the text "inf".
std::string to_json_line(const Result& result);

// Throws FormatError naming the entry.
Result result_from_json_line(const std::string& line);

struct ResultLines {
  std::vector<Result> results;        // in the order of the file; of one image and method the last one counts
  std::vector<std::string> problems;  // damaged lines, left out, "FILE: line N: ..." each
};

// Throws IoError.
ResultLines read_results_jsonl(const std::filesystem::path& path);

// sets.jsonl, beside the results.
void write_set_figures(const std::filesystem::path& path, const std::vector<SetFigure>& figures);
std::vector<SetFigure> read_set_figures(const std::filesystem::path& path);

// Where the pictures of an evaluation are kept, below the report's folder: images/<dataset>/<image>.<who>.png, `who`
// being a method, "input" or "truth". What would not be a file's name in these is replaced.
std::filesystem::path picture_path(const std::filesystem::path& report, const std::string& dataset,
                                   const std::string& image, const std::string& who);

}  // namespace daclip
