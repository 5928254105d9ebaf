#include "image/resize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "image/image.h"
#include "pictures.h"

namespace daclip {
namespace {

std::vector<int> levels(const FloatImage& image) {
  std::vector<int> result;
  for (const float v : image.data) result.push_back(int(std::lround(v * 255)));
  return result;
}

FloatImage row_of(const std::vector<int>& values) {
  FloatImage image(int(values.size()), 1, 1);
  for (size_t i = 0; i < values.size(); ++i) image.data[i] = float(values[i]) / 255.f;
  return image;
}

const std::vector<int> kRow = {0, 255, 13, 200, 77, 91, 255, 3, 128, 64};

// The expected levels are those of Pillow's Image.resize on the same row.
TEST(Resize8bit, shrinks_as_pillow_does) {
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 4, 1, Filter::box)), (std::vector<int>{89, 139, 116, 96}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 4, 1, Filter::bilinear)), (std::vector<int>{116, 117, 132, 85}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 4, 1, Filter::bicubic)), (std::vector<int>{113, 118, 135, 81}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 4, 1, Filter::lanczos)), (std::vector<int>{112, 121, 133, 81}));
}

TEST(Resize8bit, enlarges_as_pillow_does) {
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 13, 1, Filter::box)),
            (std::vector<int>{0, 255, 255, 13, 200, 77, 91, 91, 255, 3, 128, 128, 64}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 13, 1, Filter::bilinear)),
            (std::vector<int>{0, 167, 153, 49, 193, 110, 84, 135, 245, 51, 75, 106, 64}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 13, 1, Filter::bicubic)),
            (std::vector<int>{0, 186, 165, 27, 198, 108, 66, 135, 252, 34, 69, 115, 61}));
  EXPECT_EQ(levels(resize_8bit(row_of(kRow), 13, 1, Filter::lanczos)),
            (std::vector<int>{0, 192, 170, 19, 196, 123, 41, 152, 251, 36, 56, 125, 57}));
}

class AllFilters : public testing::TestWithParam<Filter> {};

TEST_P(AllFilters, keep_a_constant) {
  const FloatImage grey(37, 23, 3, 100.f / 255.f);
  for (const auto& [w, h] : {std::pair{5, 7}, {100, 80}, {1, 1}, {37, 50}}) {
    for (const float v : resize(grey, w, h, GetParam()).data) ASSERT_NEAR(v, 100.f / 255.f, 1e-6);
    for (const float v : resize_8bit(grey, w, h, GetParam()).data) ASSERT_EQ(v, 100.f / 255.f);
  }
}

TEST_P(AllFilters, stay_within_a_level_and_a_half_of_the_float_form) {
  const FloatImage photo = to_rgb(make_picture(61, 43, 3));
  for (const auto& [w, h] : {std::pair{20, 30}, {90, 17}, {70, 60}}) {
    const FloatImage a = resize(photo, w, h, GetParam()), b = resize_8bit(photo, w, h, GetParam());
    for (size_t i = 0; i < a.data.size(); ++i) ASSERT_NEAR(std::clamp(a.data[i], 0.f, 1.f), b.data[i], 1.5f / 255.f);
  }
}

TEST_P(AllFilters, treat_rows_and_columns_alike) {
  const FloatImage wide = to_rgb(make_picture(40, 21, 3));
  FloatImage tall(21, 40, 3);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 21; ++x)
      for (int c = 0; c < 3; ++c) tall.at(x, y, c) = wide.at(y, x, c);
  const FloatImage a = resize(wide, 13, 50, GetParam()), b = resize(tall, 50, 13, GetParam());
  for (int y = 0; y < 50; ++y)
    for (int x = 0; x < 13; ++x)
      for (int c = 0; c < 3; ++c) ASSERT_NEAR(a.at(x, y, c), b.at(y, x, c), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Resize, AllFilters,
                         testing::Values(Filter::box, Filter::bilinear, Filter::bicubic, Filter::lanczos));

TEST(Resize, returns_the_image_itself_at_its_own_size) {
  const FloatImage photo = to_rgb(make_picture(19, 8, 3));
  EXPECT_EQ(resize(photo, 19, 8).data, photo.data);
  EXPECT_EQ(levels(resize_8bit(photo, 19, 8)), levels(photo));
}

TEST(Resize, works_down_to_one_pixel_and_with_any_channels) {
  for (int channels = 1; channels <= 5; ++channels) {
    const FloatImage one = resize(FloatImage(1, 1, channels, 0.25f), 3, 2);
    EXPECT_EQ(one.channels, channels);
    for (const float v : one.data) EXPECT_NEAR(v, 0.25f, 1e-6);
  }
}

TEST(Resize, refuses_impossible_sizes) {
  const FloatImage photo(4, 4, 3);
  EXPECT_THROW(resize(photo, 0, 4), ShapeError);
  EXPECT_THROW(resize_8bit(photo, 4, -1), ShapeError);
  EXPECT_THROW(resize(FloatImage(), 4, 4), ShapeError);
}

}  // namespace
}  // namespace daclip
