// parse_captions and parse_chain on arbitrary text: either rows and chains that survive printing and parsing, or a
// daclip::Error.
#include "fuzz.h"

#include <string_view>

#include "core/error.h"
#include "data/tables.h"
#include "degrade/chain.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const CaptionRow& row : parse_captions(text, "input")) {
      const DegradedTitle title = split_title(row.title);
      if (!title.labels.empty() && split_title(degraded_title(title.caption, title.labels)).labels != title.labels)
        __builtin_trap();
    }
  } catch (const Error&) {
  }
  try {
    const std::string printed = to_text(parse_chain(text));
    if (to_text(parse_chain(printed)) != printed) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  std::vector<std::vector<uint8_t>> seeds;
  for (const std::string_view text :
       {"filepath\ttitle\na b.png\ta sign: stop: hazy,rainy\n\"c\td\"\t\"a \"\"word\"\"\"\r\n", "title\tfilepath\nx\ty",
        "low-light:exposure=-3.5,gamma=1+noisy:sigma=1e+1+motion-blurry"})
    seeds.emplace_back(text.begin(), text.end());
  return seeds;
}
