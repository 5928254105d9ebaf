// JPEG through libjpeg-turbo.
#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <numeric>

#include <jpeglib.h>

#include <jerror.h>

#include "core/error.h"
#include "image/codec.h"
#include "image/containers.h"
#include "image/metadata.h"

namespace daclip {
namespace {

constexpr int kPhotoshopMarker = JPEG_APP0 + 13;
constexpr size_t kMarkerLimit = 65533;  // bytes that one JPEG marker carries
constexpr size_t kPhotoshopPart = kMarkerLimit - kPhotoshopPrefix.size();
constexpr int kScanLimit = 500;  // progressive files with more scans are attacks on the decoder's time

struct ErrorManager : jpeg_error_mgr {
  LibraryError error;
  bool ended = false;  // the file ended before its end marker
};

[[noreturn]] void jump_out(j_common_ptr info) {
  auto* manager = static_cast<ErrorManager*>(info->err);
  char text[JMSG_LENGTH_MAX];
  manager->format_message(info, text);
  std::snprintf(manager->error.text, sizeof manager->error.text, "%s", text);
  std::longjmp(manager->error.jump, 1);
}

// Warnings after which the picture is not whole are errors; the rest (a bad profile, stray bytes) is of no account.
// Where only the end marker is missing all pixels are there: JWRN_HIT_MARKER says where they are not.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF: static_cast<ErrorManager*>(info->err)->ended = true; break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: jump_out(info);
    default: break;
  }
}

void print_nothing(j_common_ptr) {}

jpeg_error_mgr* set_up(ErrorManager& manager) {
  jpeg_std_error(&manager);
  manager.error_exit = jump_out;
  manager.emit_message = on_message;
  manager.output_message = print_nothing;
  return &manager;
}

void limit_scans(j_common_ptr info) {
  if (!info->is_decompressor || reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kScanLimit) return;
  auto* manager = static_cast<ErrorManager*>(info->err);
  std::snprintf(manager->error.text, sizeof manager->error.text, "more than %d scans", kScanLimit);
  std::longjmp(manager->error.jump, 1);
}

constexpr int kSamplings[] = {444, 422, 420, 440, 411};
constexpr int kFactors[][2] = {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}};  // of the first component; the others have 1

// A packet in several markers, in their order, as all programs write it: 32 digits, size, place, data each.
struct ExtendedXmp {
  static constexpr size_t kDigest = 32, kHeader = kDigest + 8;
  std::vector<uint8_t> digest, packet;
  size_t size = 0;

  void add(std::span<const uint8_t> part) {
    if (part.size() < kHeader) return;
    if (digest.empty()) {
      digest.assign(part.begin(), part.begin() + kDigest);
      size = big_endian(part, kDigest);
    }
    if (big_endian(part, kDigest + 4) == packet.size() && std::equal(digest.begin(), digest.end(), part.begin()))
      packet.insert(packet.end(), part.begin() + kHeader, part.end());
  }
  bool whole() const { return size > 0 && packet.size() == size; }
};

class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> bytes) : bytes_(bytes) { info_.err = set_up(manager_); }
  ~Decoder() {
    if (created_) jpeg_destroy_decompress(&info_);
    std::free(icc_);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Each returns false when the library failed; text() says why.
  bool read_header() {
    if (setjmp(manager_.error.jump)) return false;
    jpeg_create_decompress(&info_);
    created_ = true;
    progress_.progress_monitor = limit_scans;
    info_.progress = &progress_;
    for (const int marker : {JPEG_APP0 + 1, JPEG_APP0 + 2, kPhotoshopMarker, JPEG_COM})
      jpeg_save_markers(&info_, marker, 0xffff);
    jpeg_mem_src(&info_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&info_, TRUE);
    jpeg_read_icc_profile(&info_, &icc_, &icc_size_);
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE: info_.out_color_space = JCS_GRAYSCALE; break;
      case JCS_CMYK:
      case JCS_YCCK: info_.out_color_space = JCS_CMYK; break;
      default: info_.out_color_space = JCS_RGB; break;
    }
    return true;
  }

  bool read_rows(Image& image) {
    if (setjmp(manager_.error.jump)) return false;
    jpeg_start_decompress(&info_);
    const size_t row = size_t(info_.output_width) * size_t(info_.output_components);
    while (info_.output_scanline < info_.output_height) {
      const size_t at = image.data.size();
      image.data.resize(at + row);
      JSAMPROW pointer = image.data.data() + at;
      jpeg_read_scanlines(&info_, &pointer, 1);
    }
    const bool whole = all_scans_came();  // finishing frees what tells it
    jpeg_finish_decompress(&info_);
    if (!manager_.ended || whole) return true;
    std::snprintf(manager_.error.text, sizeof manager_.error.text, "the file ends before its last scan");
    return false;
  }

  int subsampling() const {
    for (size_t i = 0; i < std::size(kSamplings); ++i) {
      bool same = info_.num_components == 3;
      for (int c = 0; c < info_.num_components; ++c)
        same = same && info_.comp_info[c].h_samp_factor == (c == 0 ? kFactors[i][0] : 1) &&
               info_.comp_info[c].v_samp_factor == (c == 0 ? kFactors[i][1] : 1);
      if (same) return kSamplings[i];
    }
    return 0;
  }

  // The sum of the first component's quantisation table; 0 where it is missing.
  int coarseness() const {
    const int number = info_.comp_info ? info_.comp_info[0].quant_tbl_no : -1;
    if (number < 0 || number >= NUM_QUANT_TBLS) return 0;  // a damaged header
    const JQUANT_TBL* table = info_.quant_tbl_ptrs[number];
    return table ? std::accumulate(table->quantval, table->quantval + DCTSIZE2, 0) : 0;
  }

  const jpeg_decompress_struct& info() const { return info_; }
  const char* text() const { return manager_.error.text; }
  std::vector<uint8_t> icc() const { return {icc_, icc_ + icc_size_}; }

  Metadata metadata() const {
    Metadata metadata;
    std::vector<uint8_t> photoshop;  // its resources may go on in the next marker
    ExtendedXmp extended;
    for (auto* marker = info_.marker_list; marker; marker = marker->next) {
      const std::span<const uint8_t> data(marker->data, marker->data_length);
      const auto take = [&](int number, std::string_view prefix, std::vector<uint8_t>& to) {
        if (marker->marker == number && data.size() > prefix.size() && starts_with(data, prefix))
          to.insert(to.end(), data.begin() + long(prefix.size()), data.end());
      };
      if (metadata.exif.empty()) take(JPEG_APP0 + 1, kExifPrefix, metadata.exif);
      if (metadata.xmp.empty()) take(JPEG_APP0 + 1, kXmpPrefix, metadata.xmp);
      if (marker->marker == JPEG_APP0 + 1 && starts_with(data, kExtendedXmpPrefix))
        extended.add(data.subspan(kExtendedXmpPrefix.size()));
      take(kPhotoshopMarker, kPhotoshopPrefix, photoshop);
      if (marker->marker == JPEG_COM)
        metadata.text.push_back({std::string(kCommentKeyword),
                                 as_utf8({reinterpret_cast<const char*>(marker->data), marker->data_length})});
    }
    if (extended.whole()) merge_xmp(metadata.xmp, extended.packet);
    metadata.iptc = iptc_of_photoshop(photoshop);
    // Units: 1 inch, 2 centimetre; others give the shape of pixels only.
    const double scale = info_.density_unit == 1 ? 1 : info_.density_unit == 2 ? 2.54 : 0;
    if (info_.saw_JFIF_marker) metadata.resolution = {info_.X_density * scale, info_.Y_density * scale};
    return metadata;
  }

 private:
  // Of a file that ends between two scans: whether every coefficient is there to its last bit.
  bool all_scans_came() const {
    if (!info_.progressive_mode) return info_.comps_in_scan == info_.num_components;
    if (!info_.coef_bits) return false;
    for (int c = 0; c < info_.num_components; ++c)
      for (int k = 0; k < DCTSIZE2; ++k)
        if (info_.coef_bits[c][k] != 0) return false;
    return true;
  }

  std::span<const uint8_t> bytes_;
  ErrorManager manager_;
  jpeg_decompress_struct info_{};
  jpeg_progress_mgr progress_{};
  JOCTET* icc_ = nullptr;
  unsigned icc_size_ = 0;
  bool created_ = false;
};

class Encoder {
 public:
  Encoder() { info_.err = set_up(manager_); }
  ~Encoder() {
    if (created_) jpeg_destroy_compress(&info_);
    std::free(buffer_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool write(const Image& image, const Metadata& metadata, const SplitXmp& xmp, const EncodeOptions& options) {
    if (setjmp(manager_.error.jump)) return false;
    jpeg_create_compress(&info_);
    created_ = true;
    jpeg_mem_dest(&info_, &buffer_, &size_);
    info_.image_width = JDIMENSION(image.width);
    info_.image_height = JDIMENSION(image.height);
    info_.input_components = image.channels;
    info_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, options.quality, TRUE);
    info_.optimize_coding = TRUE;
    if (image.channels == 3) set_subsampling(options);
    set_density(metadata.resolution);
    jpeg_start_compress(&info_, TRUE);
    write_marker(JPEG_APP0 + 1, kExifPrefix, metadata.exif);
    write_marker(JPEG_APP0 + 1, kXmpPrefix, xmp.packet);
    write_extension(xmp);
    for (size_t at = 0; at < metadata.iptc.size(); at += kPhotoshopPart)
      write_marker(kPhotoshopMarker, kPhotoshopPrefix,
                   std::span(metadata.iptc).subspan(at, std::min(kPhotoshopPart, metadata.iptc.size() - at)));
    if (!image.icc.empty()) jpeg_write_icc_profile(&info_, image.icc.data(), unsigned(image.icc.size()));
    for (const TextEntry& entry : metadata.text)
      write_marker(JPEG_COM, "", {reinterpret_cast<const uint8_t*>(entry.text.data()), entry.text.size()});
    const size_t row = size_t(image.width) * size_t(image.channels);
    while (info_.next_scanline < info_.image_height) {
      JSAMPROW pointer = const_cast<JSAMPROW>(image.data.data() + info_.next_scanline * row);
      jpeg_write_scanlines(&info_, &pointer, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  // The quality whose quantisation table has the sum nearest to `coarseness`; 0 when the library failed.
  int nearest_quality(int coarseness) {
    if (setjmp(manager_.error.jump)) return 0;
    jpeg_create_compress(&info_);
    created_ = true;
    int best = 0, least = INT_MAX;
    for (int quality = 1; quality <= 100; ++quality) {
      jpeg_set_quality(&info_, quality, TRUE);
      const UINT16* table = info_.quant_tbl_ptrs[0]->quantval;
      const int distance = std::abs(std::accumulate(table, table + DCTSIZE2, 0) - coarseness);
      if (distance < least) least = distance, best = quality;
    }
    return best;
  }

  const char* text() const { return manager_.error.text; }
  std::vector<uint8_t> bytes() const { return {buffer_, buffer_ + size_}; }

 private:
  // Halved chroma would undo part of what was restored; below 90 the caller asked for small files.
  void set_subsampling(const EncodeOptions& options) {
    const int wanted = options.subsampling ? options.subsampling : options.quality >= 90 ? 444 : 420;
    for (size_t i = 0; i < std::size(kSamplings); ++i)
      if (kSamplings[i] == wanted) {
        info_.comp_info[0].h_samp_factor = kFactors[i][0];
        info_.comp_info[0].v_samp_factor = kFactors[i][1];
      }
  }

  // Nothing where the data is empty or too large for a marker.
  void write_marker(int marker, std::string_view prefix, std::span<const uint8_t> data) {
    if (data.empty() || data.size() + prefix.size() > kMarkerLimit) return;
    jpeg_write_m_header(&info_, marker, unsigned(data.size() + prefix.size()));
    for (const char c : prefix) jpeg_write_m_byte(&info_, uint8_t(c));
    for (const uint8_t byte : data) jpeg_write_m_byte(&info_, byte);
  }

  void write_extension(const SplitXmp& xmp) {
    constexpr size_t kPart = 60'000;
    const size_t size = xmp.extension.size();
    for (size_t at = 0; at < size; at += kPart) {
      const size_t part = std::min(kPart, size - at);
      jpeg_write_m_header(&info_, JPEG_APP0 + 1, unsigned(kExtendedXmpPrefix.size() + ExtendedXmp::kHeader + part));
      for (const std::string_view text : {kExtendedXmpPrefix, std::string_view(xmp.digest)})
        for (const char c : text) jpeg_write_m_byte(&info_, uint8_t(c));
      for (const size_t number : {size, at})
        for (int shift = 24; shift >= 0; shift -= 8) jpeg_write_m_byte(&info_, uint8_t(number >> shift));
      for (size_t i = 0; i < part; ++i) jpeg_write_m_byte(&info_, xmp.extension[at + i]);
    }
  }

  void set_density(const Resolution& resolution) {
    const long x = std::lround(resolution.x), y = std::lround(resolution.y);
    if (x < 1 || y < 1 || x > UINT16_MAX || y > UINT16_MAX) return;
    info_.density_unit = 1;  // per inch
    info_.X_density = UINT16(x);
    info_.Y_density = UINT16(y);
  }

  ErrorManager manager_;
  jpeg_compress_struct info_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
  bool created_ = false;
};

}  // namespace

Image decode_jpeg(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  Decoder decoder(bytes);
  if (!decoder.read_header()) fail_decoding(where, "JPEG", decoder.text());
  const jpeg_decompress_struct& info = decoder.info();
  check_size(where, info.image_width, info.image_height, limits);
  const J_COLOR_SPACE space = info.out_color_space;
  const int channels = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
  Image image = start_image(info.image_width, info.image_height, channels, 8);
  image.metadata = decoder.metadata();
  image.icc = decoder.icc();
  image.source.subsampling = decoder.subsampling();
  if (decoder.coarseness() > 0) image.source.quality = Encoder().nearest_quality(decoder.coarseness());
  if (!decoder.read_rows(image)) fail_decoding(where, "JPEG", decoder.text());
  if (space != JCS_CMYK) return image;
  // Files with Adobe's marker store the paper that stays white instead of the ink.
  if (info.saw_Adobe_marker)
    for (uint8_t& sample : image.data) sample = uint8_t(255 - sample);
  return cmyk_to_rgb(image);
}

std::vector<uint8_t> encode_jpeg(const Image& image, const EncodeOptions& options) {
  if (image.width > JPEG_MAX_DIMENSION || image.height > JPEG_MAX_DIMENSION)
    throw LimitError(cat("JPEG holds at most 65500 pixels a side, not ", image.width, "x", image.height));
  Metadata metadata = metadata_to_write(image, {.iptc = true, .resolution = true, .comment = true});
  if (!metadata.iptc.empty()) metadata.iptc = photoshop_of_iptc(metadata.iptc);
  const SplitXmp xmp = split_xmp(metadata.xmp, kMarkerLimit - kXmpPrefix.size());
  Encoder encoder;
  if (!encoder.write(image, metadata, xmp, options))
    throw FormatError(cat("cannot be written as JPEG: ", encoder.text()));
  return encoder.bytes();
}

}  // namespace daclip
