// Sets of photos to evaluate on: pairs of files, or good photos with a recipe that damages them. Needs the codecs.
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
  std::string name;                    // file name without ending
  std::filesystem::path gt, lq, mask;  // no lq: made of gt by the recipe; no gt: no truth; lq and gt are the same file
                                       // in sets of undamaged photos
};

struct TestSet {
  std::string name;
  std::string group;              // sets that are averaged together, or empty
  std::vector<int> labels;        // what is wrong with the photos, indices into kLabels, ascending; several in mixed
                                  // sets, empty where it is not known
  std::optional<Chain> recipe;    // how lq is made of gt
  uint64_t seed = 0;              // image i takes seed + i, as `daclip degrade FOLDER --seed` does
  std::string paper;              // "table set" of the paper's numbers that this is the set of, or empty
  std::vector<TestImage> images;  // in name order
  std::vector<std::string> problems;  // one line each, naming the file: no partner, or two files of one name
};

// `root_or_list` is one of
//  - a folder in the published layout, <root>/<degradation>/{LQ,GT}; where it has none of these, its folder test/
//    (else val/, else train/) in that layout; or a folder with LQ/ and GT/ itself. A set's labels are told by the
//    folder's name, LABEL[+LABEL...] and perhaps _MORE behind it, as in "rainy_Rain100H"; of any other name they are
//    not known;
//  - a TOML list (docs/formats.md), whose paths start from its key `root`, itself from the list's folder; `root`
//    here, where it is not empty, takes the place of that key.
// Pairs are files of equal names without ending. Only names are looked at: no picture is opened. Throws IoError (not
// there, cannot be read), FormatError (not TOML, wrong type), UsageError (unknown key, label or recipe, no set at
// all).
std::vector<TestSet> read_test_sets(const std::filesystem::path& root_or_list, const std::filesystem::path& root = {});

struct TestPair {
  FloatImage lq;                   // RGB in [0,1], multiples of 1/255 (of 1/65535 from 16-bit files)
  std::optional<FloatImage> gt;    // the same size
  std::optional<FloatImage> mask;  // one channel, the same size, 1 keeps, 0 is a hole
};

// The same for the same set and index, whatever was loaded before. A picture that is made is rounded as `daclip
// degrade` writes it. Throws what read_image throws, and FormatError where sizes differ, naming the files.
TestPair load_pair(const TestSet& set, size_t index);

}  // namespace daclip
