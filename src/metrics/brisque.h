// BRISQUE (Mittal et al. 2012) by OpenCV's quality module: estimates how natural a photo looks, without a reference.
// Only available in builds that found OpenCV's contrib modules: the target daclip_brisque, which defines
// DACLIP_BRISQUE.
#pragma once

#include <filesystem>
#include <memory>

#include "image/float_image.h"

namespace daclip {

class Brisque {
 public:
  // `folder` holds brisque_model_live.yml and brisque_range_live.yml (Debian's package opencv-data); empty means that
  // package's folder. Throws IoError if a file is missing, FormatError if it is unusable.
  explicit Brisque(const std::filesystem::path& folder = {});
  ~Brisque();

  // image: RGB in [0,1], rounded to 8-bit levels, at least 16 pixels a side. Returns 0 (natural) to 100, or NaN if the
  // picture has too little structure. Throws ShapeError.
  double score(const FloatImage& image) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace daclip
