// JPEG files with several pictures and their index.
#pragma once

#include "image/io.h"
#include "image/pictures.h"
#include "image/tiff_tags.h"

namespace daclip::test {

struct MpoPicture {
  Image image;
  uint32_t kind;  // of CIPA DC-007: 0x020002 a stereo pair's, 0x010001 a preview
};

inline std::vector<uint8_t> make_mpo(const std::vector<MpoPicture>& pictures) {
  std::vector<std::vector<uint8_t>> files;
  for (const MpoPicture& picture : pictures) files.push_back(encode_image(picture.image, image_format("jpeg")));
  constexpr uint32_t kMarker = 2 + 2 + 4;  // marker, length, "MPF"
  // The size of the block does not depend on its numbers.
  const auto index = [&](uint32_t block_bytes) {
    std::vector<uint8_t> block = TiffEditor::empty_block();
    TiffEditor editor(block);
    std::vector<uint8_t> entries;
    const auto put = [&](uint32_t value) {
      for (int i = 0; i < 4; ++i) entries.push_back(uint8_t(value >> (8 * i)));
    };
    // Offsets count from the block, which lies behind the first picture's start marker and its own.
    uint32_t offset = uint32_t(files[0].size()) + kMarker + block_bytes - (2 + kMarker);
    for (size_t i = 0; i < files.size(); ++i) {
      put(pictures[i].kind);
      put(uint32_t(files[i].size()));
      put(i == 0 ? 0 : offset);
      put(0);
      if (i > 0) offset += uint32_t(files[i].size());
    }
    editor.set_first(editor.append(
        {editor.make_long(0xb001, uint32_t(files.size())), editor.make(0xb002, 7, uint32_t(entries.size()), entries)}));
    return block;
  };
  const std::vector<uint8_t> block = index(uint32_t(index(0).size()));
  const size_t length = kMarker - 2 + block.size();
  std::vector<uint8_t> marker = {0xff, 0xe2, uint8_t(length >> 8), uint8_t(length), 'M', 'P', 'F', 0};
  marker.insert(marker.end(), block.begin(), block.end());
  std::vector<uint8_t> file = files[0];
  file.insert(file.begin() + 2, marker.begin(), marker.end());
  for (size_t i = 1; i < files.size(); ++i) file.insert(file.end(), files[i].begin(), files[i].end());
  return file;
}

}  // namespace daclip::test
