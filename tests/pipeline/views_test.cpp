#include "pipeline/views.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "pipeline/test_photo.h"

namespace daclip {
namespace {

TEST(Views, eight_views_differ_and_are_all_mapped_back) {
  for (const int bits : {8, 16}) {
    const Image photo = test::test_photo_as(13, 7, 4, bits);
    std::set<std::string> seen;
    const Image result = over_views(photo, kMostViews, [&](const Image& view, int) {
      seen.emplace(view.data.begin(), view.data.end());
      return view;
    });
    EXPECT_EQ(seen.size(), 8u);
    EXPECT_EQ(result.width, 13);
    EXPECT_EQ(result.data, photo.data);
  }
}

TEST(Views, results_are_averaged_at_matching_pixels) {
  const Image photo = test::test_photo(6, 5);
  // Whitens each view's top left pixel: in the photo this is the top left pixel and, from the half turn, the bottom
  // right one.
  const Image result = over_views(photo, 2, [](Image view, int) {
    std::fill_n(view.data.begin(), 3, uint8_t(255));
    return view;
  });
  EXPECT_EQ(result.data.front(), (photo.data.front() + 255 + 1) / 2);
  EXPECT_EQ(result.data.back(), (photo.data.back() + 255 + 1) / 2);
  for (size_t i = 3; i + 3 < photo.data.size(); ++i) EXPECT_EQ(result.data[i], photo.data[i]);
}

TEST(Views, one_view_is_the_unchanged_photo) {
  const Image photo = test::test_photo(4, 3);
  int calls = 0;
  over_views(photo, 1, [&](const Image& view, int) {
    ++calls;
    EXPECT_EQ(view.data, photo.data);
    return view;
  });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace daclip
