// Photos as people see them: what the networks get is sRGB, and the way back changes nothing that was not restored.
#include <gtest/gtest.h>

#include <lcms2.h>
#include <tiffio.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "image/formats.h"
#include "image/icc.h"
#include "image/seen.h"
#include "pictures.h"
#include "profiles.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;
using Triple = std::array<double, 3>;

// ---- An independent computation: colour spaces by their definitions, no library ----

struct Space {
  const char* name;
  double white[2], primaries[3][2];
  double (*linear)(double);
};

double srgb_to_linear(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }
double to_srgb(double v) { return v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055; }

const Space kSpaces[] = {
    {"linear", {0.3127, 0.3290}, {{0.64, 0.33}, {0.30, 0.60}, {0.15, 0.06}}, [](double v) { return v; }},
    {"Adobe RGB",
     {0.3127, 0.3290},
     {{0.64, 0.33}, {0.21, 0.71}, {0.15, 0.06}},
     [](double v) { return std::pow(v, 563.0 / 256); }},
    {"P3", {0.3127, 0.3290}, {{0.68, 0.32}, {0.265, 0.69}, {0.15, 0.06}}, srgb_to_linear},
    {"Rec. 2020",
     {0.3127, 0.3290},
     {{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}},
     [](double v) { return std::pow(v, 2.4); }},
    {"ProPhoto",
     {0.3457, 0.3585},
     {{0.7347, 0.2653}, {0.1596, 0.8404}, {0.0366, 0.0001}},
     [](double v) { return std::pow(v, 1.8); }},
};

using Matrix = std::array<Triple, 3>;

Triple times(const Matrix& m, const Triple& v) {
  Triple r{};
  for (size_t i = 0; i < 3; ++i) r[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return r;
}

Matrix inverse(const Matrix& m) {
  Matrix r;
  const auto minor = [&](size_t i, size_t j) {
    const size_t a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
    return m[a][c] * m[b][d] - m[a][d] * m[b][c];
  };
  const double det = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) r[j][i] = minor(i, j) / det;
  return r;
}

Triple xyz_of(const double (&xy)[2]) { return {xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]}; }

Matrix to_xyz(const Space& space) {
  Matrix m;
  for (size_t c = 0; c < 3; ++c) {
    const Triple column = xyz_of(space.primaries[c]);
    for (size_t i = 0; i < 3; ++i) m[i][c] = column[i];
  }
  const Triple scale = times(inverse(m), xyz_of(space.white));
  for (Triple& row : m)
    for (size_t c = 0; c < 3; ++c) row[c] *= scale[c];
  return m;
}

// Bradford's adaptation from one white to another.
Triple adapted(const Triple& xyz, const double (&from)[2], const double (&to)[2]) {
  const Matrix cones = {{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
  const Triple a = times(cones, xyz_of(from)), b = times(cones, xyz_of(to));
  Triple v = times(cones, xyz);
  for (size_t i = 0; i < 3; ++i) v[i] *= b[i] / a[i];
  return times(inverse(cones), v);
}

constexpr Space kSrgb = {"sRGB", {0.3127, 0.3290}, {{0.64, 0.33}, {0.30, 0.60}, {0.15, 0.06}}, srgb_to_linear};

Triple expected_srgb(const Space& space, const Triple& own) {
  Triple linear;
  for (size_t i = 0; i < 3; ++i) linear[i] = space.linear(own[i]);
  const Triple rgb = times(inverse(to_xyz(kSrgb)), adapted(times(to_xyz(space), linear), space.white, kSrgb.white));
  return {to_srgb(std::clamp(rgb[0], 0.0, 1.0)), to_srgb(std::clamp(rgb[1], 0.0, 1.0)),
          to_srgb(std::clamp(rgb[2], 0.0, 1.0))};
}

Triple lab_of(const Triple& srgb) {
  const Triple linear = {srgb_to_linear(srgb[0]), srgb_to_linear(srgb[1]), srgb_to_linear(srgb[2])};
  const Triple xyz = times(to_xyz(kSrgb), linear), white = xyz_of(kSrgb.white);
  const auto f = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
  const double x = f(xyz[0] / white[0]), y = f(xyz[1] / white[1]), z = f(xyz[2] / white[2]);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double delta_e2000(const Triple& one, const Triple& two) {
  const cmsCIELab a = {one[0], one[1], one[2]}, b = {two[0], two[1], two[2]};
  return cmsCIE2000DeltaE(&a, &b, 1, 1, 1);
}

Bytes icc_of(const Space& space) {
  const cmsCIExyY white = {space.white[0], space.white[1], 1};
  const cmsCIExyYTRIPLE primaries = {{space.primaries[0][0], space.primaries[0][1], 1},
                                     {space.primaries[1][0], space.primaries[1][1], 1},
                                     {space.primaries[2][0], space.primaries[2][1], 1}};
  std::vector<uint16_t> table(4096);
  for (size_t i = 0; i < table.size(); ++i) table[i] = uint16_t(std::lround(space.linear(double(i) / 4095) * 65535));
  cmsToneCurve* curve = cmsBuildTabulatedToneCurve16(nullptr, 4096, table.data());
  cmsToneCurve* curves[] = {curve, curve, curve};
  cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
  cmsFreeToneCurve(curve);
  return saved(profile);
}

// Colours through the whole range.
Image patches(int bits) {
  Image image = make_picture(9, 81, 3, bits);
  for (int i = 0; i < 729; ++i) {
    const int at[] = {i % 9, i / 9 % 9, i / 81};
    for (int c = 0; c < 3; ++c) {
      const double value = (at[c] * 28 + 16) / 255.0;
      if (bits == 16)
        image.data16()[i * 3 + c] = uint16_t(std::lround(value * 65535));
      else
        image.data[size_t(i * 3 + c)] = uint8_t(std::lround(value * 255));
    }
  }
  return image;
}

Triple colour_at(const Image& image, int i) {
  const double top = image.bits == 16 ? 65535 : 255;
  const auto at = [&](int c) {
    return sample(image, i % image.width, i / image.width, image.colour_channels() == 3 ? c : 0) / top;
  };
  return {at(0), at(1), at(2)};
}

// ---- What is seen ----

TEST(SeenPhotos, have_the_colours_that_an_independent_computation_gives) {
  for (const Space& space : kSpaces)
    for (const int bits : {8, 16}) {
      Image image = patches(bits);
      image.icc = icc_of(space);
      const SeenPhoto seen(image);
      ASSERT_EQ(seen.image().bits, 16) << space.name;
      double sum = 0, largest = 0;
      for (int i = 0; i < 729; ++i) {
        const Triple expected = expected_srgb(space, colour_at(image, i));
        const double difference = delta_e2000(lab_of(expected), lab_of(colour_at(seen.image(), i)));
        sum += difference;
        largest = std::max(largest, difference);
      }
      EXPECT_LT(sum / 729, 0.2) << space.name;
      EXPECT_LT(largest, 2) << space.name;
    }
}

// data/colours/make.py: files in other colour spaces, and what Pillow and its Little CMS make of them.
TEST(SeenPhotos, of_files_have_the_colours_that_another_decoder_gives) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator("tests/image/data/colours"))
    if (std::filesystem::exists(entry.path().string() + ".png")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_EQ(files.size(), 14u);
  std::printf("%-18s %10s %10s\n", "file", "mean dE", "largest");
  for (const std::filesystem::path& file : files) {
    const Image photo = read_image(file), expected = read_image(file.string() + ".png");
    const SeenPhoto seen(photo);
    ASSERT_EQ(seen.image().pixels(), expected.pixels()) << file;
    double sum = 0, largest = 0;
    for (int i = 0; i < int(expected.pixels()); ++i) {
      const double difference = delta_e2000(lab_of(colour_at(expected, i)), lab_of(colour_at(seen.image(), i)));
      sum += difference;
      largest = std::max(largest, difference);
    }
    const double mean = sum / double(expected.pixels());
    std::printf("%-18s %10.3f %10.3f\n", file.filename().c_str(), mean, largest);
    EXPECT_LT(mean, 0.5) << file;
    EXPECT_LT(largest, 3) << file;
  }
}

TEST(SeenPhotos, without_a_profile_or_with_srgb_are_the_photo_itself) {
  Image image = patches(8);
  EXPECT_EQ(&SeenPhoto(image).image(), &image);
  image.icc = rgb_profile();
  EXPECT_EQ(&SeenPhoto(image).image(), &image);
  for (const Bytes& useless : {Bytes{1, 2, 3}, red_cyan_profile(), Bytes(500, 7)}) {
    image.icc = useless;
    EXPECT_EQ(&SeenPhoto(image).image(), &image);
  }
}

TEST(SeenPhotos, of_grey_profiles_stay_grey) {
  Image image = make_picture(40, 3, 1);
  cmsToneCurve* curve = cmsBuildGamma(nullptr, 1.0);
  image.icc = saved(cmsCreateGrayProfile(cmsD50_xyY(), curve));
  cmsFreeToneCurve(curve);
  const SeenPhoto seen(image);
  ASSERT_EQ(seen.image().channels, 1);
  for (int x = 0; x < 40; ++x)
    EXPECT_NEAR(sample(seen.image(), x, 1, 0) / 65535.0, to_srgb(sample(image, x, 1, 0) / 255.0), 0.003) << x;
}

TEST(SeenPhotos, that_were_not_changed_come_back_to_the_last_bit) {
  for (const Space& space : kSpaces)
    for (const int bits : {8, 16}) {
      Image image = patches(bits);
      image.icc = icc_of(space);
      const SeenPhoto seen(image);
      Image restored = seen.image();
      EXPECT_EQ(seen.own(restored).data, image.data) << space.name;
      // One changed pixel changes nothing else.
      restored.data16()[30] = uint16_t(restored.data16()[30] ^ 0x1000);
      Image own = seen.own(restored);
      EXPECT_NE(own.data, image.data) << space.name;
      const size_t pixel = 3 * size_t(bits / 8);
      std::copy_n(image.data.begin() + ptrdiff_t(10 * pixel), pixel, own.data.begin() + ptrdiff_t(10 * pixel));
      EXPECT_EQ(own.data, image.data) << space.name;
      EXPECT_EQ(own.icc, image.icc) << space.name;
    }
}

TEST(SeenPhotos, that_became_others_are_seen_as_those_afterwards) {
  for (const Space& space : kSpaces) {
    Image image = patches(16);
    image.icc = icc_of(space);
    const SeenPhoto seen(image);
    Image restored = seen.image();
    for (size_t i = 0; i < restored.samples(); ++i)  // within sRGB, far from what it was
      restored.data16()[i] = uint16_t(16384 + ((restored.data16()[i] + 30000) % 65536) / 2);
    const Image own = seen.own(restored);
    const SeenPhoto again(own);
    int outside = 0;
    for (size_t i = 0; i < restored.samples(); ++i)
      outside += std::abs(int(again.image().data16()[i]) - int(restored.data16()[i])) > 700;
    EXPECT_LT(outside, int(restored.samples()) / 10) << space.name;
  }
}

TEST(HiddenColours, decide_nothing_and_stay) {
  Image shown[2];
  for (int k = 0; k < 2; ++k) {
    Image image = make_picture(30, 20, 4);
    for (size_t i = 0; i < image.pixels(); ++i) {
      const bool visible = i % 30 > 7 && i % 30 < 20 && i / 30 > 4;
      image.data[i * 4 + 3] = visible ? 255 : 0;
      if (!visible)
        for (size_t c = 0; c < 3; ++c) image.data[i * 4 + c] = uint8_t(k ? 255 : i * 7 + c);
    }
    const SeenPhoto seen(image);
    shown[k] = seen.image();
    Image restored = seen.image();
    for (uint8_t& value : restored.data) value = uint8_t(value / 2 + 20);
    const Image own = seen.own(restored);
    for (size_t i = 0; i < image.pixels(); ++i) {
      EXPECT_EQ(own.data[i * 4 + 3], image.data[i * 4 + 3]);
      if (image.data[i * 4 + 3] == 0)
        EXPECT_EQ(own.data[i * 4], image.data[i * 4]) << i;
      else
        EXPECT_EQ(own.data[i * 4], image.data[i * 4] / 2 + 20) << i;
    }
  }
  EXPECT_EQ(shown[0].data, shown[1].data);
}

TEST(HiddenColours, of_a_picture_that_shows_nothing_are_left) {
  Image image = make_picture(6, 5, 4);
  for (size_t i = 3; i < image.data.size(); i += 4) image.data[i] = 0;
  EXPECT_EQ(SeenPhoto(image).image().data, image.data);
}

// ---- PNG's chunks ----

void put(Bytes& bytes, uint32_t value) {
  for (int i = 3; i >= 0; --i) bytes.push_back(uint8_t(value >> 8 * i));
}

// A PNG with these chunks before its pixels.
Bytes png_with(const Image& image, const std::vector<std::pair<std::string, Bytes>>& chunks) {
  Bytes png = encode_image(image, image_format("png"));
  Bytes added;
  for (const auto& [name, data] : chunks) {
    put(added, uint32_t(data.size()));
    Bytes body(name.begin(), name.end());
    body.insert(body.end(), data.begin(), data.end());
    added.insert(added.end(), body.begin(), body.end());
    put(added, uint32_t(crc32(0, body.data(), uInt(body.size()))));
  }
  png.insert(png.begin() + 33, added.begin(), added.end());
  return png;
}

bool has_chunk(const Bytes& png, std::string_view name) {
  return std::search(png.begin(), png.end(), name.begin(), name.end()) != png.end();
}

TEST(PngColours, by_gama_are_seen_as_they_mean_and_written_again) {
  Bytes gama;
  put(gama, 100000);
  const Image image = decode_image(png_with(patches(8), {{"gAMA", gama}}));
  const SeenPhoto seen(image);
  ASSERT_EQ(seen.image().bits, 16);
  for (int i = 0; i < 729; i += 13)
    EXPECT_NEAR(colour_at(seen.image(), i)[1], to_srgb(colour_at(image, i)[1]), 0.003) << i;
  EXPECT_TRUE(has_chunk(encode_image(image, image_format("png")), "gAMA"));
  EXPECT_TRUE(has_chunk(encode_image(image, image_format("png")), "iCCP"));
}

TEST(PngColours, that_say_srgb_need_no_profile) {
  Bytes gama;
  put(gama, 45455);
  EXPECT_TRUE(decode_image(png_with(patches(8), {{"gAMA", gama}})).icc.empty());
  put(gama = {}, 100000);
  EXPECT_TRUE(decode_image(png_with(patches(8), {{"sRGB", {0}}, {"gAMA", gama}})).icc.empty());
  EXPECT_TRUE(decode_image(png_with(patches(8), {{"cICP", {1, 13, 0, 1}}})).icc.empty());
}

TEST(PngColours, by_cicp_of_hdr_keep_the_chunk_and_what_is_brighter_than_white) {
  const Image image = decode_image(png_with(patches(16), {{"cICP", {9, 16, 0, 1}}}));
  const SeenPhoto seen(image);
  ASSERT_NE(&seen.image(), &image);
  // 203 cd/m2 is white.
  const double white = std::pow(
      (0.8359375 + 18.8515625 * std::pow(0.0203, 0.1593017578)) / (1 + 18.6875 * std::pow(0.0203, 0.1593017578)),
      78.84375);
  EXPECT_NEAR(white, 0.58, 0.01);
  Image grey = image;
  for (size_t i = 0; i < grey.samples(); ++i) grey.data16()[i] = uint16_t(std::lround(white * 65535));
  EXPECT_NEAR(sample(SeenPhoto(grey).image(), 0, 0, 0), 65535, 150);
  // A highlight that hardly changes stays one.
  for (size_t i = 0; i < grey.samples(); ++i) grey.data16()[i] = 50000;
  const SeenPhoto bright(grey);
  Image restored = bright.image();
  for (size_t i = 0; i < restored.samples(); ++i) restored.data16()[i] = 65000;
  EXPECT_GT(sample(bright.own(restored), 0, 0, 0), 48000);
  const Bytes png = encode_image(image, image_format("png"));
  EXPECT_TRUE(has_chunk(png, std::string_view("cICP\x09\x10\0\x01", 8)));
}

TEST(PngColours, of_profiles_that_libpng_refuses_are_mended_or_kept) {
  for (const int how : {0, 1, 2}) {
    Image image = patches(8);
    image.icc = icc_of(kSpaces[1]);
    if (how == 0) image.icc.insert(image.icc.end(), {0, 0});  // padding
    if (how == 1) image.icc[64] = 1, image.icc[67] = 0;       // the intent in the wrong byte order
    if (how == 2) image.icc = {1, 2, 3, 4, 5};                // no profile at all
    const Image back = decode_image(encode_image(image, image_format("png")));
    ASSERT_FALSE(back.icc.empty()) << how;
    if (how == 2) {
      EXPECT_EQ(back.icc, image.icc);
      continue;
    }
    EXPECT_EQ(back.icc.size() % 4, 0u) << how;
    EXPECT_EQ(back.icc[64], 0) << how;
    EXPECT_EQ(SeenPhoto(back).image().data, SeenPhoto(image).image().data) << how;
  }
}

TEST(PngColours, of_endless_compressed_profiles_are_given_up) {
  Bytes zeros(100 << 20), chunk = {'x', 0, 0};
  uLongf size = compressBound(uLong(zeros.size()));
  chunk.resize(3 + size);
  ASSERT_EQ(compress(chunk.data() + 3, &size, zeros.data(), uLong(zeros.size())), Z_OK);
  chunk.resize(3 + size);
  EXPECT_TRUE(decode_image(png_with(patches(8), {{"iCCP", chunk}})).icc.empty());
}

TEST(FittingProfiles, keep_the_tones_between_grey_and_rgb) {
  Image grey = make_picture(20, 2, 1), rgb = make_picture(20, 2, 3);
  for (size_t i = 0; i < rgb.samples(); ++i) rgb.data[i] = grey.data[i / 3];
  grey.icc = icc_of(kSpaces[1]);  // a grey JPEG with a camera's RGB profile
  rgb.icc = grey.icc;
  const SeenPhoto a(grey), b(rgb);
  for (int x = 0; x < 20; ++x) EXPECT_NEAR(sample(a.image(), x, 1, 0), sample(b.image(), x, 1, 1), 60) << x;
  EXPECT_TRUE(is_profile_of(fitting_profile(grey.icc, 1), 1));
  EXPECT_TRUE(is_profile_of(fitting_profile(grey_profile(), 3), 3));
}

// ---- TIFF ----

struct TiffParts {
  uint16_t photometric = PHOTOMETRIC_RGB, bits = 8, format = SAMPLEFORMAT_UINT;
  uint32_t kind = 0;  // NewSubfileType
  Bytes pixel;        // one pixel, repeated over 4 x 3
};

Bytes tiff(const std::vector<TiffParts>& pages, uint32_t width = 4) {
  const auto path = std::filesystem::temp_directory_path() / cat("daclip-colour-", getpid(), ".tif");
  TIFF* file = TIFFOpen(path.c_str(), "w");
  for (const TiffParts& page : pages) {
    const uint32_t samples = uint32_t(page.pixel.size()) * 8 / page.bits, columns = page.kind == 1 ? 2 : width;
    TIFFSetField(file, TIFFTAG_SUBFILETYPE, page.kind);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, columns);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, 3);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, page.bits);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, page.format);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, page.photometric);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    Bytes row;
    for (uint32_t x = 0; x < columns; ++x) row.insert(row.end(), page.pixel.begin(), page.pixel.end());
    for (uint32_t y = 0; y < 3; ++y) TIFFWriteScanline(file, row.data(), y, 0);
    TIFFWriteDirectory(file);
  }
  TIFFClose(file);
  Bytes bytes = read_file(path);
  std::filesystem::remove(path);
  return bytes;
}

TEST(TiffLab, becomes_srgb_in_every_encoding) {
  // L 50, a 40, b -30 of D50.
  const cmsCIELab lab = {50, 40, -30};
  cmsHPROFILE from = cmsCreateLab4Profile(nullptr), to = cmsCreate_sRGBProfile();
  cmsHTRANSFORM transform = cmsCreateTransform(from, TYPE_Lab_DBL, to, TYPE_RGB_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
  double srgb[3];
  cmsDoTransform(transform, &lab, srgb, 1);
  cmsDeleteTransform(transform);
  cmsCloseProfile(from);
  cmsCloseProfile(to);
  const auto sixteen = [](int l, int a, int b) {
    Bytes bytes;
    for (const int v : {l, a, b}) bytes.push_back(uint8_t(v)), bytes.push_back(uint8_t(v >> 8));
    return bytes;
  };
  const TiffParts encodings[] = {
      {.photometric = PHOTOMETRIC_CIELAB, .pixel = {128, 40, uint8_t(-30)}},
      {.photometric = PHOTOMETRIC_ICCLAB, .pixel = {128, 168, 98}},
      {.photometric = PHOTOMETRIC_CIELAB, .bits = 16, .pixel = sixteen(32768, 40 * 256, -30 * 256)},
      {.photometric = PHOTOMETRIC_ICCLAB, .bits = 16, .pixel = sixteen(0x7f80, 168 * 256, 98 * 256)}};
  for (const TiffParts& parts : encodings) {
    const Image image = decode_image(tiff({parts}));
    ASSERT_EQ(image.channels, 3);
    ASSERT_EQ(image.bits, 16);
    for (int c = 0; c < 3; ++c)
      EXPECT_NEAR(sample(image, 1, 1, c) / 65535.0, srgb[c], 0.004) << parts.photometric << " " << parts.bits;
  }
}

TEST(TiffOfSignedSamples, has_its_black_at_the_least_number) {
  const Image narrow = decode_image(
      tiff({{.photometric = PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_INT, .pixel = {uint8_t(-128)}}}));
  EXPECT_EQ(sample(narrow, 0, 0, 0), 0);
  const Image wide = decode_image(
      tiff({{.photometric = PHOTOMETRIC_MINISBLACK, .bits = 16, .format = SAMPLEFORMAT_INT, .pixel = {0, 0}}}));
  EXPECT_EQ(sample(wide, 0, 0, 0), 32768);
}

TEST(TiffPages, leave_thumbnails_out) {
  const Image image = decode_image(tiff({{.kind = 1, .pixel = {9, 9, 9}}, {.pixel = {1, 2, 3}}}));
  EXPECT_EQ(image.width, 4);
  EXPECT_EQ(sample(image, 0, 0, 2), 3);
  EXPECT_EQ(image.source.pages, 1);
}

TEST(TiffPages, are_counted_and_read_one_by_one) {
  const Bytes bytes = tiff({{.pixel = {1, 2, 3}}, {.kind = 1, .pixel = {9, 9, 9}}, {.pixel = {4, 5, 6}}});
  EXPECT_EQ(decode_image(bytes).source.pages, 2);
  EXPECT_EQ(sample(decode_image(bytes, "page", {.page = 1}), 0, 0, 0), 4);
  EXPECT_THROW(decode_image(bytes, "page", {.page = 2}), FormatError);
}

TEST(TiffPages, of_other_sizes_and_kinds_are_written_into_one_file) {
  const std::vector<Image> pages = {make_picture(20, 10, 3), make_picture(7, 9, 1, 16), make_picture(5, 5, 4)};
  const Bytes bytes = encode_pages(pages, image_format("tiff"));
  ASSERT_EQ(decode_image(bytes).source.pages, 3);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(max_difference(decode_image(bytes, "page", {.page = i}), pages[size_t(i)]), 0) << i;
  EXPECT_THROW(encode_pages(pages, image_format("png")), UsageError);
}

}  // namespace
}  // namespace daclip
