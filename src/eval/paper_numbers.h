// What the paper's tables say, as reference beside our own figures. The file is src/eval/paper_tables.tsv.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daclip {

struct PaperNumber {
  int table = 0;
  std::string_view set, method, degradation;
  std::string_view quantity;  // "PSNR", "SSIM", "LPIPS", "FID", "accuracy %", and Table 8's
  std::string_view value;     // as printed
};

const std::vector<PaperNumber>& paper_numbers();

// `key` is "TABLE SET", as in "9 unified" (Tables 9 to 12 are one table there, a quantity each) or "2 Rain100H".
// Empty where the paper has no such number. Throws UsageError where the key names nothing in the tables.
std::string_view paper_number(std::string_view key, std::string_view degradation, std::string_view method,
                              std::string_view quantity);

}  // namespace daclip
