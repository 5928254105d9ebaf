// The numbers in the paper's tables, as a reference for our own measurements. Source: src/eval/paper_tables.tsv.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daclip {

struct PaperNumber {
  int table = 0;
  std::string_view set, method, degradation;
  std::string_view quantity;  // "PSNR", "SSIM", "LPIPS", "FID", "accuracy %", and those of Table 8
  std::string_view value;     // as printed in the paper
};

const std::vector<PaperNumber>& paper_numbers();

// `key` is "TABLE SET", such as "9 unified" or "2 Rain100H". Tables 9 to 12 are one table, one quantity each, under the
// key 9. Returns an empty text if the paper has no such number. Throws UsageError if no table has the key.
std::string_view paper_number(std::string_view key, std::string_view degradation, std::string_view method,
                              std::string_view quantity);

}  // namespace daclip
