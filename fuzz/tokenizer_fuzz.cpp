// The tokenizer on arbitrary bytes. If the first byte is 0, the rest is a vocabulary, otherwise a text.
#include "fuzz.h"

#include <string_view>

#include "core/error.h"
#include "text/tokenizer.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const Tokenizer plain("#version\na b\nab c</w>\nb c</w>\n");
  try {
    const std::vector<int64_t> ids = data[0] == 0 ? Tokenizer(rest).tokenize("abc abcabc") : plain.tokenize(rest);
    if (ids.size() != 77) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  const std::string_view seeds[] = {
      std::string_view("\0#version\na b\nab c</w>\nb c</w>\nab ab\n", 37),
      "ta dog's photo, 12 o'clock <start_of_text>!", "tcaf&eacute; &amp;lt; &#x1F600; &#128; &NotEqualTilde; &amp",
      "t\u201ccurly\u201d \ufb01ne \uff21\uff11 e\u0301 \u0130\u039f\u03a3 \U0001f600\u200d\U0001f308 \ufeff",
      "t\x1b[31mred\x1b[0m\r\n\x07\xff\xfe <b>&amp;</b>"};
  std::vector<std::vector<uint8_t>> bytes;
  for (const std::string_view seed : seeds) bytes.emplace_back(seed.begin(), seed.end());
  return bytes;
}
