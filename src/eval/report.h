// Results turned into what is read and looked at: tables, charts, a gallery, and one page with all of it.
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
  std::string group;  // sets of one group are averaged together and share a table, as "synthetic" does; may be empty
  std::string paper;  // "TABLE SET" of the paper's numbers that this is the set of, such as "9 unified", or empty
};

struct ReportOptions {
  std::string title = "Evaluation";
  std::vector<std::string> notes;               // sentences for the top: model, machine, command, what is missing
  std::map<std::string, DatasetInfo> datasets;  // by the set's name; a set that is not in here has no group
  std::vector<SetFigure> figures;  // of whole sets: Fréchet distances, those of inputs by the method "input"
  std::vector<std::string> paper_methods = {"NAFNet + DA-CLIP", "IR-SDE + DA-CLIP"};  // reference columns
  uint64_t seed = 0;                                                                  // of the bootstrap
  bool gallery = true;
  int gallery_each = 3;  // so many worst and so many best images of each set
};

// Writes into `folder` (made where it is not there), replacing what an earlier call wrote:
//   report.html  everything on one page, needing nothing else; links to the gallery
//   tables.md, tables.tex, summary.json, results.csv
//   radar-psnr-gain.svg, radar-lpips.svg, bars-psnr.svg ..., confusion-METHOD.svg, reliability-METHOD.svg
//   gallery.html of the pictures that are at picture_path(folder, ...)
// Sets, and methods within one, keep the order of `results`. A chart with nothing to show is not written, nor is a
// gallery without pictures. Throws IoError; UsageError where a set's `paper` is not in the paper's tables.
void write_report(const std::filesystem::path& folder, const std::vector<Result>& results,
                  const ReportOptions& options = {});

// The images that the gallery shows, as (dataset, image): of each set the `each` worst and the `each` best by PSNR gain
// of its first method, by confidence where there is no truth. So that only these pictures need to be kept.
std::vector<std::pair<std::string, std::string>> gallery_images(const std::vector<Result>& results, int each);

}  // namespace daclip
