// EXIF, XMP, IPTC and texts of arbitrary bytes through everything that is done to metadata: what is written is read
// again, with the picture as it was. The first byte says what the rest is.
#include "fuzz.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "image/containers.h"
#include "image/exif.h"
#include "image/formats.h"
#include "image/metadata.h"
#include "image/pictures.h"
#include "image/tiff_tags.h"

using namespace daclip;

namespace {

Metadata metadata_of(uint8_t kind, std::span<const uint8_t> rest) {
  Metadata metadata;
  const std::vector<uint8_t> bytes(rest.begin(), rest.end());
  const std::string text(rest.begin(), rest.end());
  switch (kind) {
    case 'x': metadata.xmp = bytes; break;
    case 'i': metadata.iptc = iptc_records(bytes); break;
    case 'p': metadata.iptc = iptc_of_photoshop(bytes); break;
    case 'r': add_png_text(metadata, "Raw profile type exif", text); break;
    case 't': metadata.text = {{"Title", as_utf8(text)}, {"Comment", as_utf8(text)}}; break;
    case 'T': metadata = metadata_of_tiff(bytes); break;
    default: metadata.exif = bytes;
  }
  return metadata;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const Image plain = make_picture(5, 3, 3);
  Image image = plain;
  image.metadata = metadata_of(data[0], {data + 1, size - 1});
  turn_metadata(image.metadata, settle_metadata(image.metadata));
  if (!image.metadata.exif.empty() && !TiffTags(image.metadata.exif).valid()) __builtin_trap();
  if (size % 4 == 0) remove_gps(image.metadata);
  if (size % 4 == 1) mark_digital_source(image.metadata, true);
  for (const char* name : {"png", "tiff", "jpeg"}) {
    const Image back = decode_image(encode_image(image, image_format(name)), name);
    if (image_format(name).loss == Loss::never && back.data != plain.data) __builtin_trap();
  }
  const std::vector<uint8_t>& xmp = image.metadata.xmp;
  SplitXmp split = split_xmp(xmp, xmp.size() / 2);
  if (split.packet.size() > xmp.size() / 2) __builtin_trap();
  if (!split.digest.empty()) merge_xmp(split.packet, split.extension);
  metadata_to_write(image, {});
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  std::vector<std::vector<uint8_t>> seeds;
  const auto add = [&](char kind, const auto& bytes) {
    std::vector<uint8_t> seed = {uint8_t(kind)};
    seed.insert(seed.end(), bytes.begin(), bytes.end());
    seeds.push_back(std::move(seed));
  };
  const std::vector<uint8_t> iptc = {0x1c, 2, 25, 0, 3, 'c', 'a', 't', 0x1c, 2, 120, 0, 3, 's', 'e', 'a'};
  const std::string xmp =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
      "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:tiff='http://ns.adobe.com/tiff/1.0/'"
      " xmlns:exif='http://ns.adobe.com/exif/1.0/' xmp:Rating='3' tiff:Orientation='6' exif:PixelXDimension='9'>"
      "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'/></rdf:Alt></xmp:Thumbnails>"
      "</rdf:Description></rdf:RDF></x:xmpmeta>";
  Image image = make_picture(5, 3, 3);
  image.metadata.exif = make_exif(6);
  image.metadata.iptc = iptc;
  for (const bool big_endian : {false, true}) add('e', make_exif(6, big_endian));
  add('x', xmp);
  add('i', iptc);
  add('p', photoshop_of_iptc(iptc));
  add('r', raw_profile("exif", make_exif(8)));
  add('t', std::string("J\xc3\xb6rg, \xe9t\xe9"));
  add('T', encode_image(image, image_format("tiff")));
  return seeds;
}
