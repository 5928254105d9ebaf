// Makes data sets in the published layout of good photos: <root>/<degradation>/{LQ,GT}.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "degrade/chain.h"
#include "image/io.h"

namespace daclip {

struct BuildOptions {
  std::vector<std::filesystem::path> clean;  // photos, or folders of them with their sub-folders
  std::vector<Chain> chains;                 // one folder each, called by its kinds: "low-light+noisy"
  bool wild = false;                         // a folder wild/ too, see degrade/wild.h
  Severity severity = Severity::paper;
  const ImageFormat* format = &image_format("png");  // of LQ and GT
  int quality = 95;                                  // of lossy formats
  uint64_t seed = 0;  // with a photo's name and the folder's it decides all that is drawn
  int threads = 1;
  std::vector<std::filesystem::path> captions;  // tables of the clean photos' captions
  std::filesystem::path captions_root;          // what their paths start from; empty: each table's folder
};

struct BuildSummary {
  size_t photos = 0, written = 0, kept = 0;  // pairs written now, and found complete
  size_t captions = 0;                       // rows of captions.tsv
  std::vector<std::string> failed;           // one line each: photos that could not be read
};

// Writes 8-bit RGB pairs named like their photo, labels.tsv (LQ and its labels; wild ones have none) and, with
// captions, captions.tsv in the published form. GT is one file with a name in each folder where the file system can
// do that. Goes on where it was interrupted: complete pairs are kept. The same options give the same bytes whatever
// the threads. `progress(done, total)` counts photos. Throws UsageError: nothing to do, a format that is not written,
// two photos of one name, two chains of one folder, a folder built with other settings (build.json); IoError;
// FormatError (tables).
BuildSummary build_dataset(const BuildOptions& options, const std::filesystem::path& root,
                           const std::function<void(size_t, size_t)>& progress = {});

}  // namespace daclip
