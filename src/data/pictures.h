#pragma once

#include <filesystem>
#include <vector>

namespace daclip {

// The files of a folder with a picture's ending, hidden ones left out, in name order; those of its sub-folders too
// where `recursive`. Throws IoError.
std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder, bool recursive);

}  // namespace daclip
