// Files that are not whole pictures: always one clear line, never half a picture, never a crash.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "image/formats.h"
#include "pictures.h"
#include "profiles.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;

void put(Bytes& bytes, uint64_t value, int n, bool big_endian) {
  for (int i = 0; i < n; ++i) bytes.push_back(uint8_t(value >> (8 * (big_endian ? n - 1 - i : i))));
}

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Decodes and expects an error of one printable line that names the input.
template <class Expected = Error>
void expect_clear_error(std::span<const uint8_t> bytes, const std::string& what) {
  try {
    decode_image(bytes, "the-input");
    ADD_FAILURE() << what << ": was accepted";
  } catch (const Expected& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("the-input: ", 0), 0u) << text;
    EXPECT_LT(text.size(), 300u) << text;
    for (const char c : text) EXPECT_TRUE(c >= ' ' && c < 0x7f) << text;
  }
}

TEST(Damage, empty_files_and_text_are_no_pictures) {
  expect_clear_error<FormatError>({}, "empty");
  expect_clear_error<FormatError>(bytes_of("This is a shopping list, not a photo.\n"), "text");
  expect_clear_error<FormatError>(bytes_of("BMW is a car maker whose name begins as a BMP file does, at length"), "BM");
  expect_clear_error<FormatError>(bytes_of("\xff\xd8\xff"), "only the first bytes");
  expect_clear_error<FormatError>(bytes_of("RIFF....WEBP"), "an empty container");
  expect_clear_error<FormatError>(bytes_of(std::string_view("II*\0", 4)), "four bytes");
}

class Truncation : public testing::TestWithParam<const ImageFormat*> {};

TEST_P(Truncation, is_an_error_at_every_position) {
  for (const int quality : {80, 100})
    for (const int channels : {1, 3, 4}) {
      Image image = make_picture(40, 30, channels);
      if (channels == 3) image.icc = rgb_profile();
      if (channels == 3) image.metadata.exif = make_exif(1);
      const Bytes whole = encode_image(image, *GetParam(), {.quality = quality});
      // A TIFF may end in the four zeros that say that no second picture follows, a JPEG in its end marker.
      const size_t needed = whole.size() - (GetParam()->name == "tiff" ? 4 : GetParam()->name == "jpeg" ? 2 : 0);
      const size_t step = std::max<size_t>(1, needed / 700);
      for (size_t n = 0; n < needed; n += step)
        expect_clear_error(std::span(whole).first(n), cat(n, " of ", whole.size(), " bytes"));
      expect_clear_error(std::span(whole).first(needed - 1), "all but one byte");
    }
}

INSTANTIATE_TEST_SUITE_P(Damage, Truncation, testing::ValuesIn(formats_written()),
                         [](const auto& tested) { return std::string(tested.param->name); });

TEST(Damage, changed_bytes_never_crash) {
  for (const ImageFormat* format : formats_written()) {
    Image image = make_picture(24, 18, 3);
    image.metadata.exif = make_exif(6);
    const Bytes whole = encode_image(image, *format);
    for (uint64_t seed = 0; seed < 400; ++seed) {
      Random random(seed);
      Bytes changed = whole;
      for (int k = 0; k < 3; ++k) changed[size_t(random.below(int64_t(changed.size())))] = uint8_t(random.below(256));
      try {
        validate(decode_image(changed, "changed", {.max_pixels = 1 << 20}), "changed");
      } catch (const ShapeError&) {
        FAIL() << format->title << " seed " << seed;
      } catch (const Error&) {
      }
    }
  }
}

// Headers of w x h pixels with next to nothing behind them.
Bytes jpeg_header(int w, int h, bool progressive) {
  Bytes bytes = {0xff, 0xd8, 0xff, progressive ? uint8_t(0xc2) : uint8_t(0xc0), 0, 17, 8};
  put(bytes, uint64_t(h), 2, true);
  put(bytes, uint64_t(w), 2, true);
  const uint8_t components[] = {3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0};
  bytes.insert(bytes.end(), std::begin(components), std::end(components));
  const uint8_t scan[] = {0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0};
  bytes.insert(bytes.end(), std::begin(scan), std::end(scan));
  return bytes;
}

Bytes png_header(uint32_t w, uint32_t h) {
  // The checksum of a real header does not fit other sizes, so it is computed here.
  Bytes bytes = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
  put(bytes, w, 4, true);
  put(bytes, h, 4, true);
  for (const int b : {8, 2, 0, 0, 0}) bytes.push_back(uint8_t(b));
  const auto crc = [&](size_t from) {
    uint32_t c = ~0u;
    for (size_t i = from; i < bytes.size(); ++i) {
      c ^= bytes[i];
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    }
    return ~c;
  };
  put(bytes, crc(12), 4, true);
  const size_t data = bytes.size() + 4;
  for (const uint8_t b : std::initializer_list<uint8_t>{0, 0, 0, 1, 'I', 'D', 'A', 'T', 0x78}) bytes.push_back(b);
  put(bytes, crc(data), 4, true);
  return bytes;
}

Bytes bmp_header(int w, int h) {
  Bytes bytes = {'B', 'M'};
  for (const uint64_t v : {0, 0, 54, 40}) put(bytes, v, 4, false);
  put(bytes, uint64_t(w), 4, false);
  put(bytes, uint64_t(h), 4, false);
  put(bytes, 1, 2, false);
  put(bytes, 24, 2, false);
  for (int i = 0; i < 6; ++i) put(bytes, 0, 4, false);
  return bytes;
}

Bytes tiff_header(uint32_t w, uint32_t h) {
  Bytes bytes = {'I', 'I', 42, 0, 8, 0, 0, 0};
  const uint32_t entries[][4] = {{256, 4, 1, w}, {257, 4, 1, h}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1},
                                 {273, 4, 1, 8}, {277, 3, 1, 1}, {278, 4, 1, h}, {279, 4, 1, 4}};
  put(bytes, std::size(entries), 2, false);
  for (const auto& e : entries) {
    put(bytes, e[0], 2, false);
    put(bytes, e[1], 2, false);
    put(bytes, e[2], 4, false);
    put(bytes, e[3], 4, false);
  }
  put(bytes, 0, 4, false);
  return bytes;
}

long peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(Damage, a_huge_header_without_pixels_costs_no_memory) {
  const long before = peak_megabytes();
  expect_clear_error(jpeg_header(20000, 20000, false), "JPEG");
  expect_clear_error(jpeg_header(20000, 20000, true), "progressive JPEG");
  expect_clear_error(png_header(20000, 20000), "PNG");
  expect_clear_error(bmp_header(20000, 20000), "BMP");
  expect_clear_error(tiff_header(20000, 20000), "TIFF");
  EXPECT_LT(peak_megabytes() - before, 200);
}

TEST(Damage, sizes_beyond_the_limit_are_refused_by_the_header) {
  expect_clear_error<LimitError>(jpeg_header(65500, 65500, false), "JPEG");
  expect_clear_error<LimitError>(png_header(2'000'000'000, 2'000'000'000), "PNG");
  expect_clear_error<LimitError>(bmp_header(100'000'000, 1'000'000'000), "BMP");
  expect_clear_error<LimitError>(tiff_header(200'000, 200'000), "TIFF");
  expect_clear_error(tiff_header(0xffffffff, 0xffffffff), "TIFF");
  for (const ImageFormat* format : formats_written()) {
    const Bytes bytes = encode_image(make_picture(20, 10, 3), *format);
    EXPECT_EQ(decode_image(bytes, "x", {.max_pixels = 200}).width, 20);
    EXPECT_THROW(decode_image(bytes, "x", {.max_pixels = 199}), LimitError);
  }
}

class Folder : public testing::Test {
 protected:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "daclip-image-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() override { std::filesystem::remove_all(path_); }

  std::filesystem::path path_;
};

TEST_F(Folder, is_written_to_and_read_from) {
  const Image image = make_picture(20, 10, 3);
  write_image(path_ / "a.png", image, image_format("png"));
  EXPECT_EQ(max_difference(read_image(path_ / "a.png"), image), 0);
}

TEST_F(Folder, that_cannot_be_written_is_an_io_error_and_leaves_what_was_there) {
  const Bytes old = {'o', 'l', 'd'};
  write_file_atomically(path_ / "file", old);
  const Image image = make_picture(20, 10, 3);
  try {
    write_image(path_ / "file" / "a.png", image, image_format("png"));
    FAIL() << "wrote below a file";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("a.png"), std::string::npos) << error.what();
  }
  EXPECT_THROW(write_image(path_ / "missing" / "a.png", image, image_format("png")), IoError);
  EXPECT_THROW(write_image(path_ / "file", image, image_format("bmp")), UsageError);
  EXPECT_EQ(read_file(path_ / "file"), old);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1) << "a temporary file was left";
}

TEST_F(Folder, without_the_file_is_an_io_error_with_its_name) {
  try {
    read_image(path_ / "nothing.jpg");
    FAIL() << "read nothing";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("nothing.jpg"), std::string::npos);
  }
}

}  // namespace
}  // namespace daclip
