// Sets of photos for evaluation: pairs of files, or clean photos with a recipe that degrades them. Needs image codecs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "degrade/chain.h"
#include "image/float_image.h"

namespace daclip {

struct TestImage {
  std::string name;  // file name without ending
  // Without lq, the recipe makes it from gt. Without gt, there is no truth. Sets of clean photos have the same file as
  // lq and gt.
  std::filesystem::path gt, lq, mask;
};

struct TestSet {
  std::string name;
  std::string group;                  // sets that are averaged together; may be empty
  std::vector<int> labels;            // the degradations: ascending indices into kLabels; empty if unknown
  std::optional<Chain> recipe;        // makes lq from gt
  uint64_t seed = 0;                  // image i uses seed + i, like `daclip degrade FOLDER --seed`
  bool grey = false;                  // every picture in black and white, before and after the recipe
  std::string paper;                  // "TABLE SET" of the paper's numbers for this set, or empty
  std::vector<TestImage> images;      // in name order
  std::vector<std::string> problems;  // one line each, naming the file: a missing partner, or two files of one name
};

// `root_or_list` is one of
//  - a folder in the published layout, <root>/<degradation>/{LQ,GT};
//  - a folder whose sub-folder test/ (else val/, else train/) has that layout;
//  - a folder with LQ/ and GT/;
//  - a TOML list (docs/formats.md). Its paths start from its key `root`, which is relative to the list's folder;
//    a non-empty `root` argument replaces that key.
// A folder's name determines its labels: LABEL[+LABEL...], optionally followed by _ANYTHING, such as "rainy_Rain100H".
// Other names mean that the labels are unknown. Pairs are files of equal names without ending. No picture is opened.
// Throws IoError (missing or unreadable), FormatError (not TOML, wrong type), UsageError (unknown key, label or recipe;
// no set at all).
std::vector<TestSet> read_test_sets(const std::filesystem::path& root_or_list, const std::filesystem::path& root = {});

struct TestPair {
  FloatImage lq;                   // RGB in [0,1], multiples of 1/255 (of 1/65535 for 16-bit files)
  std::optional<FloatImage> gt;    // the same size
  std::optional<FloatImage> mask;  // one channel, the same size; 1 keeps, 0 is a hole
};

// Depends only on set and index, not on earlier calls. A degraded picture is rounded like `daclip degrade` writes it.
// Throws what read_image throws, and FormatError naming the files if their sizes differ.
TestPair load_pair(const TestSet& set, size_t index);

}  // namespace daclip
