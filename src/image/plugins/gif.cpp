// GIF through giflib: one frame on the whole canvas, drawn over those before it.
#include <gif_lib.h>

#include <array>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/plugins.h"

namespace daclip {
namespace {

constexpr uint64_t kMostPixelsPerByte = 4096;  // what LZW gives at the very most

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits)
      : rest_(bytes), where_(where), limits_(limits) {
    int code = 0;
    gif_.reset(DGifOpen(&rest_, take, &code));
    if (!gif_) fail(code);
    const uint64_t width = uint64_t(gif_->SWidth), height = uint64_t(gif_->SHeight);
    check_size(where, width, height, limits);
    if (width * height > kMostPixelsPerByte * bytes.size()) fail_decoding(where, "GIF", "the file ends too early");
    image_ = start_image(width, height, 4, 8);
    image_.data.resize(image_.samples());
  }

  // Draws up to the wanted frame, then only counts: what follows may be damaged.
  Image read() {
    int frames = 0;
    for (GifRecordType type = UNDEFINED_RECORD_TYPE; type != TERMINATE_RECORD_TYPE;) {
      if (DGifGetRecordType(gif_.get(), &type) == GIF_ERROR) {
        if (frames > limits_.page) break;
        fail(gif_->Error);
      }
      if (type == EXTENSION_RECORD_TYPE) read_extension();
      if (type != IMAGE_DESC_RECORD_TYPE) continue;
      if (DGifGetImageDesc(gif_.get()) == GIF_ERROR) {
        if (frames > limits_.page) break;
        fail(gif_->Error);
      }
      forget_picture();
      if (frames <= limits_.page)
        draw(frames == limits_.page);
      else if (!skip())
        break;
      ++frames;
    }
    if (frames <= limits_.page) fail_decoding(where_, "GIF", cat("it has ", frames, " frames"));
    drop_opaque_alpha(image_);
    image_.source.pages = frames;
    return std::move(image_);
  }

 private:
  static int take(GifFileType* gif, GifByteType* to, int count) {
    auto& rest = *static_cast<std::span<const uint8_t>*>(gif->UserData);
    const size_t n = std::min(size_t(count), rest.size());
    std::memcpy(to, rest.data(), n);
    rest = rest.subspan(n);
    return int(n);
  }

  [[noreturn]] void fail(int code) const {
    const char* text = GifErrorString(code);
    fail_decoding(where_, "GIF", text ? text : "the file is damaged");
  }

  // The transparent index and what happens to a frame before the next.
  void read_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_.get(), &code, &block) == GIF_ERROR) fail(gif_->Error);
    while (block) {
      if (code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4) {
        disposal_ = (block[1] >> 2) & 7;
        transparent_ = block[1] & 1 ? block[4] : -1;
      }
      if (DGifGetExtensionNext(gif_.get(), &block) == GIF_ERROR) fail(gif_->Error);
    }
  }

  // giflib keeps a description of every frame; an attack would have millions.
  void forget_picture() const {
    GifFreeSavedImages(gif_.get());
    gif_->SavedImages = nullptr;
    gif_->ImageCount = 0;
  }

  // Leaves the frame's data as it is: a file of a megabyte can describe billions of pixels.
  bool skip() {
    int code_size = 0;
    GifByteType* block = nullptr;
    if (DGifGetCode(gif_.get(), &code_size, &block) == GIF_ERROR) return false;
    while (block)
      if (DGifGetCodeNext(gif_.get(), &block) == GIF_ERROR) return false;
    disposal_ = 0, transparent_ = -1;
    return true;
  }

  void draw(bool wanted) {
    const GifImageDesc& frame = gif_->Image;
    const ColorMapObject* map = frame.ColorMap ? frame.ColorMap : gif_->SColorMap;
    if (!map) fail_decoding(where_, "GIF", "it has no palette");
    check_size(where_, uint64_t(std::max(frame.Width, 0)), uint64_t(std::max(frame.Height, 0)), limits_);
    const std::vector<uint8_t> before = disposal_ == DISPOSE_PREVIOUS && !wanted ? image_.data : std::vector<uint8_t>();
    std::vector<GifByteType> line(size_t(frame.Width));
    static constexpr std::array<std::array<int, 2>, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    for (int pass = 0; pass < (frame.Interlace ? 4 : 1); ++pass)
      for (int y = frame.Interlace ? kInterlaced[size_t(pass)][0] : 0; y < frame.Height;
           y += frame.Interlace ? kInterlaced[size_t(pass)][1] : 1) {
        if (DGifGetLine(gif_.get(), line.data(), frame.Width) == GIF_ERROR) fail(gif_->Error);
        draw_line(line, frame.Left, frame.Top + y, *map);
      }
    if (!wanted && disposal_ == DISPOSE_BACKGROUND) clear(frame);
    if (!before.empty()) image_.data = before;
    disposal_ = 0, transparent_ = -1;
  }

  void draw_line(const std::vector<GifByteType>& line, int left, int y, const ColorMapObject& map) {
    if (y < 0 || y >= image_.height) return;
    for (size_t i = 0; i < line.size(); ++i) {
      const int64_t x = int64_t(left) + int64_t(i);
      if (x < 0 || x >= image_.width || line[i] == transparent_ || line[i] >= map.ColorCount) continue;
      const GifColorType& colour = map.Colors[line[i]];
      uint8_t* to = image_.data.data() + (size_t(y) * size_t(image_.width) + size_t(x)) * 4;
      to[0] = colour.Red, to[1] = colour.Green, to[2] = colour.Blue, to[3] = 255;
    }
  }

  void clear(const GifImageDesc& frame) {
    for (int y = std::max(frame.Top, 0); y < std::min(frame.Top + frame.Height, image_.height); ++y)
      for (int x = std::max(frame.Left, 0); x < std::min(frame.Left + frame.Width, image_.width); ++x)
        std::memset(image_.data.data() + (size_t(y) * size_t(image_.width) + size_t(x)) * 4, 0, 4);
  }

  std::span<const uint8_t> rest_;
  std::string_view where_;
  const DecodeLimits& limits_;
  std::unique_ptr<GifFileType, Close> gif_;
  Image image_;
  int disposal_ = 0, transparent_ = -1;
};

Image decode(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  return Reader(bytes, where, limits).read();
}

}  // namespace
}  // namespace daclip

extern "C" __attribute__((visibility("default")))
const daclip::ImageCodec daclip_image_codec = {.decode = daclip::decode};
