#include "weights/other_files.h"

#include <algorithm>
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

constexpr std::string_view kDigits = "0123456789";

// Takes the digits at the end off; returns them without the zeros before them.
std::string_view take_number(std::string_view& text) {
  const size_t begin = text.find_last_not_of(kDigits) + 1;
  std::string_view number = text.substr(begin);
  text = text.substr(0, begin);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

bool is_joint(char c) { return c == '-' || c == '_'; }

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

// "model-00001-of-00003.safetensors"
void refuse_shards(const std::string& name) {
  std::string_view rest = name;
  const size_t last_digit = rest.find_last_of(kDigits);
  if (last_digit == rest.npos || rest.substr(last_digit + 1).size() < 2 || rest[last_digit + 1] != '.') return;
  rest.remove_suffix(rest.size() - last_digit - 1);
  const std::string_view count = take_number(rest);
  const bool joined = rest.size() > 4 && is_joint(rest.back()) && rest.substr(rest.size() - 3, 2) == "of" &&
                      is_joint(rest[rest.size() - 4]);
  if (!joined) return;
  rest.remove_suffix(4);
  const std::string_view shard = take_number(rest);
  if (shard.empty() || count.size() > 5 || count <= "1" || rest.empty() ||
      (!is_joint(rest.back()) && rest.back() != '.'))
    return;
  throw FormatError(
      cat(name, ": is shard ", shard, " of the ", count, " of a checkpoint; pass one file with all of them"));
}

}  // namespace daclip
