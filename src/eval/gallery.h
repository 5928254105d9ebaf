// The gallery: each set's worst and best images with a before/after slider, and crops of all methods side by side.
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

// The square in which two pictures of equal size differ most. Its side is `side`, or less for smaller pictures.
CropPlace most_different(const Image& a, const Image& b, int side);

// The HTML page for the pictures at picture_path(folder, ...); empty if there are none. Images that cannot be read, or
// whose output differs in size from the input, are omitted. Links to pictures are relative to `folder`.
std::string gallery_page(const std::filesystem::path& folder, const std::vector<Result>& results,
                         const ReportOptions& options);

}  // namespace daclip
