// Finds the sets of data/test_set.h; internal to data/.
#pragma once

#include <filesystem>
#include <vector>

#include "data/test_set.h"

namespace daclip {

// The pictures of `folder` in name order. Of several with the same name (without ending) the first is used and the
// others are recorded as problems, as is a folder that is missing or empty.
std::vector<std::filesystem::path> pictures_by_name(const std::filesystem::path& folder,
                                                    std::vector<std::string>& problems);

// Adds the pairs of two folders to `images`, and files without partner to `problems`.
void add_pairs(TestSet& set, const std::filesystem::path& lq, const std::filesystem::path& gt);

// The sets of a TOML list; see read_test_sets.
std::vector<TestSet> read_test_list(const std::filesystem::path& list, const std::filesystem::path& root);

}  // namespace daclip
