// BRISQUE (Mittal et al. 2012), by OpenCV's quality module: how natural a photo looks, without a truth to compare with.
// Only in builds that found OpenCV's contrib modules: the target daclip_brisque, which defines DACLIP_BRISQUE.
#pragma once

#include <filesystem>
#include <memory>

#include "image/float_image.h"

namespace daclip {

class Brisque {
 public:
  // `folder` holds brisque_model_live.yml and brisque_range_live.yml (Debian's package opencv-data); empty: where that
  // package puts them. Throws IoError where one is missing, FormatError where it cannot be used.
  explicit Brisque(const std::filesystem::path& folder = {});
  ~Brisque();

  // image: RGB in [0,1], rounded to 8-bit levels; at least 16 pixels a side. From 0, natural, to 100. NaN where the
  // picture has no structure to judge by. Throws ShapeError.
  double score(const FloatImage& image) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace daclip
