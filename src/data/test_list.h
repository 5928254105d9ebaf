// How data/test_set.h's sets are found; internal to data/.
#pragma once

#include <filesystem>
#include <vector>

#include "data/test_set.h"

namespace daclip {

// The pictures of `folder` in name order; of several with one name (without ending) the first, the others are problems. A
// folder that is not there, or holds none, is a problem too.
std::vector<std::filesystem::path> pictures_by_name(const std::filesystem::path& folder,
                                                    std::vector<std::string>& problems);

// Fills `images` and `problems` with the pairs of two folders.
void add_pairs(TestSet& set, const std::filesystem::path& lq, const std::filesystem::path& gt);

// The sets of a TOML list; see read_test_sets.
std::vector<TestSet> read_test_list(const std::filesystem::path& list, const std::filesystem::path& root);

}  // namespace daclip
