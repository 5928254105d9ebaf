// Builds packs (data/pack.h) from folders of pictures. Unlike the rest of data/, it needs image codecs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace daclip {

struct PackOptions {
  struct Labelled {
    std::filesystem::path folder;
    std::string label;  // one of core/labels.h
  };
  std::vector<std::filesystem::path> clean;  // folders of clean photos, recursively
  std::vector<Labelled> pairs;               // folders with LQ/ and GT/; files with equal stems are pairs
  std::vector<Labelled> damaged;             // folders of damaged photos without a clean version, recursively
  // TSV files with columns filepath and title; all titles of a photo are kept.
  std::vector<std::filesystem::path> captions;
  // TSV files with columns filepath and labels, for photos among `clean` and `captions` that are damaged. Photos with
  // several labels are omitted.
  std::vector<std::filesystem::path> labels;
  std::filesystem::path root;  // base of the TSVs' relative paths; empty: the TSV's folder
  int max_size = 0;            // longer side to which larger photos are reduced (antialiased); 0: no limit
  int crop = 0;                // side of one square crop per photo, placed by seed and name; 0: no cropping
  uint64_t seed = 1;
};

struct PackSummary {
  size_t photos = 0, pairs = 0, captions = 0, damaged = 0;  // damaged: by `damaged` and `labels`
  std::vector<std::string> skipped;                         // one line each: unreadable files, and why
};

// Writes `out` atomically; the same inputs give the same bytes. `progress(done, total)` is optional. Throws UsageError
// (nothing to pack, unknown label, max_size or crop below 16), IoError (missing folder, table or pair), FormatError
// (table).
PackSummary pack_dataset(const PackOptions& options, const std::filesystem::path& out,
                         const std::function<void(size_t, size_t)>& progress = {});

}  // namespace daclip
