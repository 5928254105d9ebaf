// The gallery: a set's worst and best images with a before/after slider, and crops of all methods side by side.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/report.h"
#include "image/image.h"

namespace daclip {

struct CropPlace {
  int left = 0, top = 0, width = 0, height = 0;
};

// The square of side `side` (less where the pictures are smaller) in which two pictures of one size differ most.
CropPlace most_different(const Image& a, const Image& b, int side);

// The page, of the pictures at picture_path(folder, ...); empty where there are none. An image that cannot be read, or
// whose output has another size than its input, is left out. Pictures are named by paths relative to `folder`.
std::string gallery_page(const std::filesystem::path& folder, const std::vector<Result>& results,
                         const ReportOptions& options);

}  // namespace daclip
