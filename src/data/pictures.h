#pragma once

#include <filesystem>
#include <vector>

namespace daclip {

// The files in a folder (with `recursive`, also in sub-folders) that have a picture's ending, without hidden files, in
// name order. Throws IoError.
std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder, bool recursive);

}  // namespace daclip
