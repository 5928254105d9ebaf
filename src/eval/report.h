// Writes results as tables, charts, a gallery, and a page with all of these.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "eval/result.h"

namespace daclip {

struct DatasetInfo {
  std::string group;  // sets of one group, such as "synthetic", share a table and an average; may be empty
  std::string paper;  // "TABLE SET" of the paper's numbers for this set, such as "9 unified", or empty
};

struct ReportOptions {
  std::string title = "Evaluation";
  std::vector<std::string> notes;               // sentences at the top: model, machine, command, omissions
  std::map<std::string, DatasetInfo> datasets;  // by the set's name; other sets have no group
  std::vector<SetFigure> figures;  // of whole sets: Fréchet distances; those of inputs have the method "input"
  std::vector<std::string> paper_methods = {"NAFNet + DA-CLIP", "IR-SDE + DA-CLIP"};  // reference columns
  uint64_t seed = 0;                                                                  // for bootstrap resampling
  bool gallery = true;
  int gallery_each = 3;  // number of worst and of best images shown per set
};

// Writes into `folder`, which is created if needed, and replaces the files of earlier calls:
//   report.html  everything on one page, self-contained, with a link to the gallery
//   tables.md, tables.tex, summary.json, results.csv
//   radar-psnr-gain.svg, radar-lpips.svg, bars-psnr.svg ..., confusion-METHOD.svg, reliability-METHOD.svg
//   gallery.html with the pictures found at picture_path(folder, ...)
// Sets, and methods within a set, keep the order of `results`. Empty charts and a gallery without pictures are not
// written. Throws IoError, and UsageError if a set's `paper` is not in the paper's tables.
void write_report(const std::filesystem::path& folder, const std::vector<Result>& results,
                  const ReportOptions& options = {});

// The images that the gallery shows, as (dataset, image), so that only their pictures need to be kept: of each set, the
// `each` worst and the `each` best by the first method's PSNR gain, or by confidence if there is no truth.
std::vector<std::pair<std::string, std::string>> gallery_images(const std::vector<Result>& results, int each);

}  // namespace daclip
