// Makes packs (data/pack.h) from folders of pictures. Needs the codecs, unlike the rest of data/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace daclip {

struct PackOptions {
  struct Pairs {
    std::filesystem::path folder;  // holds LQ/ and GT/, files with equal stems are pairs
    std::string label;             // one of core/labels.h
  };
  std::vector<std::filesystem::path> clean;  // folders of clean photos, taken recursively
  std::vector<Pairs> pairs;
  std::vector<std::filesystem::path>
      captions;  // TSV files with columns filepath and title; a photo's titles are joined
  std::vector<std::filesystem::path>
      labels;                  // TSV files with columns filepath and labels: what photos among `clean` and
                               // `captions` show instead; those with several labels are left out
  std::filesystem::path root;  // what the TSVs' relative paths start from; empty: the TSV's folder
  int max_size = 0;            // longer side, larger photos are shrunk to it (antialiased); 0 keeps all
  int crop = 0;                // side of one square crop a photo, at a place the seed and name tell; 0 keeps all
  uint64_t seed = 1;
};

struct PackSummary {
  size_t photos = 0, pairs = 0, captions = 0, damaged = 0;  // damaged: by `labels`
  std::vector<std::string> skipped;                         // one line each: what could not be read, and why
};

// Writes `out` atomically; the same inputs give the same bytes. `progress(done, total)` may be absent. Throws UsageError
// (nothing to pack, unknown label, max_size or crop below 16), IoError (missing folder, table or pair), FormatError (table).
PackSummary pack_dataset(const PackOptions& options, const std::filesystem::path& out,
                         const std::function<void(size_t, size_t)>& progress = {});

}  // namespace daclip
