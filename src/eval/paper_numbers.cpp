#include "eval/paper_numbers.h"

#include <array>
#include <charconv>

#include "core/error.h"

namespace daclip {
namespace {

constexpr std::string_view kTable =
#include "paper_tables.inc"
    ;

std::vector<PaperNumber> read_table() {
  std::vector<PaperNumber> numbers;
  for (size_t begin = 0; begin < kTable.size();) {
    const size_t end = std::min(kTable.find('\n', begin), kTable.size());
    std::string_view line = kTable.substr(begin, end - begin);
    begin = end + 1;
    std::array<std::string_view, 6> fields;
    for (std::string_view& field : fields) {
      const size_t tab = std::min(line.find('\t'), line.size());
      field = line.substr(0, tab);
      line.remove_prefix(std::min(tab + 1, line.size()));
    }
    PaperNumber number{0, fields[1], fields[2], fields[3], fields[4], fields[5]};
    const auto [stop, error] = std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), number.table);
    if (error == std::errc() && !number.value.empty()) numbers.push_back(number);  // skips comments and the header
  }
  return numbers;
}

}  // namespace

const std::vector<PaperNumber>& paper_numbers() {
  static const std::vector<PaperNumber> numbers = read_table();
  return numbers;
}

std::string_view paper_number(std::string_view key, std::string_view degradation, std::string_view method,
                              std::string_view quantity) {
  const size_t blank = std::min(key.find(' '), key.size());
  int table = 0;
  std::from_chars(key.data(), key.data() + blank, table);
  const std::string_view set = key.substr(std::min(blank + 1, key.size()));
  const auto same_table = [](int a, int b) { return a == b || (a >= 9 && a <= 12 && b >= 9 && b <= 12); };
  bool known = false;
  for (const PaperNumber& n : paper_numbers()) {
    if (!same_table(n.table, table) || n.set != set) continue;
    known = true;
    if (n.degradation == degradation && n.method == method && n.quantity == quantity) return n.value;
  }
  if (!known) throw UsageError(cat("\"", key, "\" is not in the paper's tables; expected for example \"9 unified\""));
  return {};
}

}  // namespace daclip
