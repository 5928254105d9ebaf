#include "weights/other_files.h"

#include <algorithm>
#include <regex>
#include <string_view>

#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

using namespace std::string_view_literals;

constexpr size_t kLooked = 64 * 1024;  // bytes at the start in which marks are searched

struct Magic {
  std::string_view start, kind;
};
constexpr Magic kMagics[] = {
    {"version https://git-lfs"sv, "a git-lfs pointer in place of the weights; fetch them with \"git lfs pull\""sv},
    {"GGUF"sv, "a GGUF file"sv},
    {"\x89HDF\r\n"sv, "an HDF5 file, as Keras writes"sv},
    {"\x1f\x8b"sv, "a gzip archive; unpack it first"sv},
    {"7z\xbc\xaf"sv, "a 7z archive; unpack it first"sv},
    {"Rar!"sv, "a RAR archive; unpack it first"sv},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return result;
}

bool is_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return uint8_t(c) < 0x20 && c != '\n' && c != '\r' && c != '\t'; });
}

// "web page (Google Drive - Virus scan warning)"
std::string web_page(std::string_view text, const std::string& lowered) {
  const size_t begin = lowered.find("<title>"), end = lowered.find("</title>");
  if (begin == lowered.npos || end == lowered.npos || end < begin + 7) return "a web page";
  return cat("a web page (", printable(text.substr(begin + 7, end - begin - 7)), ")");
}

constexpr std::string_view kIndex =
    "the index of a checkpoint in shards, without weights; pass one file with all of them";

bool is_index(std::string_view text) { return text.starts_with('{') && text.find("\"weight_map\"") != text.npos; }

std::string kind_of(std::string_view text) {
  for (const Magic& magic : kMagics)
    if (text.starts_with(magic.start)) return std::string(magic.kind);
  const size_t first = text.find_first_not_of("\xef\xbb\xbf \t\r\n");
  if (first == text.npos || !is_text(text)) return "";
  text.remove_prefix(first);
  const std::string lowered = lower(text);
  if (lowered.starts_with("<!doctype html") || lowered.starts_with("<html") || lowered.starts_with("<head"))
    return web_page(text, lowered) + " in place of the weights; download the file again";
  if (is_index(text)) return std::string(kIndex);
  if (text.starts_with('{') || text.starts_with('[')) return "JSON, without weights";
  if (text.starts_with('<')) return "XML, without weights";
  return cat("text (\"", printable(text.substr(0, std::min(text.find_first_of("\r\n"), size_t(60)))), "\")");
}

}  // namespace

void refuse_index(std::span<const uint8_t> bytes, const std::string& where) {
  if (is_index({reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kLooked)}))
    throw FormatError(cat(where, ": is ", kIndex));
}

void refuse_other_files(std::span<const uint8_t> bytes, const std::string& where) {
  if (bytes.empty()) throw FormatError(cat(where, ": is empty, expected a checkpoint"));
  const std::span<const uint8_t> start = bytes.first(std::min(bytes.size(), kLooked));
  const std::string kind = kind_of({reinterpret_cast<const char*>(start.data()), start.size()});
  if (!kind.empty()) throw FormatError(cat(where, ": is ", kind, " (expected a torch.save or safetensors file)"));
}

void refuse_shards(const std::string& name) {
  static const std::regex pattern("[-_.]0*([0-9]{1,5})[-_]of[-_]0*([0-9]{1,5})\\.[A-Za-z.]+$");
  std::smatch match;
  if (std::regex_search(name, match, pattern) && std::stoi(match[2]) > 1)
    throw FormatError(cat(name, ": is shard ", match[1].str(), " of the ", match[2].str(),
                          " of a checkpoint; pass one file with all of them"));
}

}  // namespace daclip
