// A photo as people see it, which is what the networks are trained on: sRGB whatever its profile says, and nothing that
// lies under full transparency. And the way back into the photo's own numbers.
#pragma once

#include <optional>

#include "daclip/image.h"

namespace daclip {

class SeenPhoto {
 public:
  // Keeps a reference to `photo`.
  explicit SeenPhoto(const Image& photo);

  // The photo itself where its numbers are sRGB and all of it is visible; else a picture of 16 bit (8 without a
  // conversion), where what is hidden continues what is around it.
  const Image& image() const { return seen_ ? *seen_ : photo_; }

  // `restored` (a changed image()) in the photo's form. Pixels that were not changed stay as they are to the last bit,
  // and so do hidden ones. Colours outside sRGB stay outside where they changed little.
  Image own(Image restored) const;

 private:
  const Image& photo_;
  std::optional<Image> seen_;
  std::vector<uint8_t> profile_;  // what the numbers are in; empty for sRGB
};

}  // namespace daclip
