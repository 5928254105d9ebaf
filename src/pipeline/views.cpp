#include "pipeline/views.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/orientation.h"

namespace daclip {
namespace {

constexpr std::array<int, kMostViews> kOrientations = {1, 3, 2, 4, 5, 7, 6, 8};

template <class Sample>
void add(const Sample* from, std::vector<uint32_t>& sums) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += from[i];
}

template <class Sample>
void store_mean(const std::vector<uint32_t>& sums, uint32_t count, Sample* to) {
  for (size_t i = 0; i < sums.size(); ++i) to[i] = Sample((sums[i] + count / 2) / count);
}

}  // namespace

Image over_views(const Image& photo, int count, const std::function<Image(const Image& seen, int view)>& restore) {
  Image result = restore(photo, 0);
  if (count == 1) return result;
  const bool wide = result.bits == 16;
  std::vector<uint32_t> sums(result.samples(), 0);
  const auto add_up = [&](const Image& image) { wide ? add(image.data16(), sums) : add(image.data.data(), sums); };
  add_up(result);
  for (int view = 1; view < count; ++view) {
    const int orientation = kOrientations[size_t(view)];
    add_up(upright(restore(upright(photo, orientation), view), inverse_orientation(orientation)));
  }
  wide ? store_mean(sums, uint32_t(count), result.data16()) : store_mean(sums, uint32_t(count), result.data.data());
  return result;
}

}  // namespace daclip
