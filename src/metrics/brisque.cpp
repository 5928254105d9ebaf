#include "metrics/brisque.h"

#include <algorithm>
#include <cmath>
#include <opencv2/quality/qualitybrisque.hpp>

#include "core/error.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDebianFolder = "/usr/share/opencv4/quality";
constexpr int kLeastSize = 16;

}  // namespace

struct Brisque::Model {
  cv::Ptr<cv::quality::QualityBRISQUE> quality;
};

Brisque::Brisque(const fs::path& given) : model_(std::make_unique<Model>()) {
  const fs::path folder = given.empty() ? kDebianFolder : given;
  const fs::path model = folder / "brisque_model_live.yml", range = folder / "brisque_range_live.yml";
  for (const fs::path& file : {model, range})
    if (!fs::exists(file)) throw IoError(cat(file.string(), ": not found; Debian's package opencv-data contains it"));
  try {
    model_->quality = cv::quality::QualityBRISQUE::create(model.string(), range.string());
  } catch (const cv::Exception&) {
    throw FormatError(cat(folder.string(), ": OpenCV cannot use its BRISQUE model"));
  }
}

Brisque::~Brisque() = default;

double Brisque::score(const FloatImage& image) const {
  if (image.channels != 3 || std::min(image.width, image.height) < kLeastSize)
    throw ShapeError(cat("brisque: an image of ", image.width, "x", image.height, "x", image.channels,
                         ", expected RGB of at least ", kLeastSize, " pixels a side"));
  cv::Mat levels(image.height, image.width, CV_8UC3);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < 3; ++c)
        levels.at<cv::Vec3b>(y, x)[2 - c] = uint8_t(std::lround(255 * std::clamp(image.at(x, y, c), 0.f, 1.f)));  // BGR
  try {
    return model_->quality->compute(levels)[0];
  } catch (const cv::Exception&) {
    return std::nan("");
  }
}

}  // namespace daclip
