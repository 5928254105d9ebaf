#include "data/tables.h"

#include <array>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/labels.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

using Row = std::array<std::string, 2>;

// Reads the next field of `line` and moves `at` past its tab or to the end. A quoted field may contain tabs and doubled
// quotes. A quote that is not closed before a tab or the end is literal text.
std::string take_field(std::string_view line, size_t& at) {
  if (at < line.size() && line[at] == '"') {
    std::string text;
    for (size_t i = at + 1; i < line.size(); ++i) {
      if (line[i] != '"') {
        text += line[i];
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        text += line[i++];
      } else if (i + 1 == line.size() || line[i + 1] == '\t') {
        at = i + 2;
        return text;
      } else {
        break;
      }
    }
  }
  const size_t end = std::min(line.find('\t', at), line.size());
  std::string text(line.substr(at, end - at));
  at = end + 1;
  return text;
}

std::vector<std::string> split_row(std::string_view line) {
  std::vector<std::string> fields;
  for (size_t at = 0; at <= line.size();) fields.push_back(take_field(line, at));
  return fields;
}

// Calls work(number, fields) for every line that is not empty, counted from 1.
template <class Work>
void for_each_row(std::string_view text, const Work& work) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) work(number, split_row(line));
  }
}

// Rows of two columns, with the column filepath first.
std::vector<Row> parse_rows(std::string_view text, const std::string& where, const std::string& second) {
  std::vector<Row> rows;
  bool swapped = false;
  for_each_row(text, [&](int number, std::vector<std::string> fields) {
    if (fields.size() != 2)
      throw FormatError(cat(where, ":", number, ": ", fields.size(), " columns, expected filepath and ", second));
    if (number == 1 && (fields[0] == "filepath" || fields[1] == "filepath")) {
      swapped = fields[1] == "filepath";
      if (fields[swapped ? 0 : 1] != second)
        throw FormatError(
            cat(where, ":1: columns ", fields[0], " and ", fields[1], ", expected filepath and ", second));
      return;
    }
    if (swapped) std::swap(fields[0], fields[1]);
    rows.push_back({std::move(fields[0]), std::move(fields[1])});
  });
  return rows;
}

std::vector<Row> read_rows(const fs::path& path, const std::string& second) {
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_rows({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), second);
}

std::vector<CaptionRow> to_captions(std::vector<Row> rows) {
  std::vector<CaptionRow> captions;
  for (Row& row : rows) captions.push_back({std::move(row[0]), std::move(row[1])});
  return captions;
}

std::string quoted(const std::string& field) {
  if (field.find_first_of("\t\"\n\r") == std::string::npos) return field;
  std::string text = "\"";
  for (char c : field) {
    if (c == '"') text += '"';
    text += c == '\n' || c == '\r' ? ' ' : c;
  }
  return text + '"';
}

void write_rows(const fs::path& path, const std::string& second, const std::vector<Row>& rows) {
  std::string text = "filepath\t" + second + "\n";
  for (const Row& row : rows) text += quoted(row[0]) + "\t" + quoted(row[1]) + "\n";
  write_text(path, text);
}

}  // namespace

std::vector<CaptionRow> read_captions(const fs::path& path) { return to_captions(read_rows(path, "title")); }

std::vector<CaptionRow> parse_captions(std::string_view text, const std::string& where) {
  return to_captions(parse_rows(text, where, "title"));
}

fs::path file_of(std::string_view filepath, const fs::path& table, const fs::path& root) {
  return (root.empty() ? table.parent_path() : root) / filepath;
}

void write_captions(const fs::path& path, const std::vector<CaptionRow>& captions) {
  std::vector<Row> rows;
  for (const CaptionRow& caption : captions) rows.push_back({caption.filepath, caption.title});
  write_rows(path, "title", rows);
}

std::string degraded_title(std::string_view caption, const std::vector<int>& labels) {
  std::string text(caption);
  for (size_t at; (at = text.find(": ")) != std::string::npos;) text[at] = ',';
  return text + ": " + join_labels(labels, ',');
}

DegradedTitle split_title(std::string_view title) {
  const size_t colon = title.rfind(": ");
  if (colon != std::string_view::npos) {
    std::vector<int> labels = parse_labels(title.substr(colon + 2), ',');
    if (!labels.empty()) return {std::string(title.substr(0, colon)), std::move(labels)};
  }
  return {std::string(title), {}};
}

std::vector<int> parse_labels(std::string_view text, char separator) {
  std::set<int> labels;
  for (;;) {
    const size_t end = text.find(separator);
    const int label = label_index(text.substr(0, end));
    if (label < 0) return {};
    labels.insert(label);
    if (end == std::string_view::npos) return {labels.begin(), labels.end()};
    text.remove_prefix(end + 1);
  }
}

std::string join_labels(const std::vector<int>& labels, char separator) {
  std::string text;
  for (int label : labels) {
    if (!text.empty()) text += separator;
    text += kLabels[size_t(label)];
  }
  return text;
}

std::vector<LabelRow> read_label_table(const fs::path& path) {
  std::vector<LabelRow> result;
  for (Row& row : read_rows(path, "labels")) {
    std::vector<int> labels = parse_labels(row[1], ',');
    if (labels.empty()) throw FormatError(cat(path.string(), ": ", row[0], ": '", row[1], "' are not labels"));
    result.push_back({std::move(row[0]), std::move(labels)});
  }
  return result;
}

void write_label_table(const fs::path& path, const std::vector<LabelRow>& table) {
  std::vector<Row> rows;
  for (const LabelRow& row : table) rows.push_back({row.filepath, join_labels(row.labels, ',')});
  write_rows(path, "labels", rows);
}

std::vector<WrittenInstruction> read_instructions(const fs::path& path) {
  std::vector<WrittenInstruction> result;
  const std::vector<uint8_t> file = read_file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  for_each_row(text, [&](int number, const std::vector<std::string>& fields) {
    const auto refuse = [&](const std::string& what) {
      throw FormatError(cat(path.string(), ":", number, ": ", what));
    };
    if (fields.size() != 4)
      refuse(cat(fields.size(), " columns, expected an instruction, repair, keep and everything"));
    WrittenInstruction& written = result.emplace_back();
    written.text = fields[0];
    for (const auto& [wish, column] : {std::pair{Wish::repair, 1}, std::pair{Wish::keep, 2}}) {
      if (fields[size_t(column)] == "-") continue;
      const std::vector<int> labels = parse_labels(fields[size_t(column)], ',');
      if (labels.empty() || labels.back() == kClean)
        refuse(cat(fields[size_t(column)], ": expected kinds of damage or -"));
      for (const int label : labels) {
        written.meaning.wishes[size_t(label)] = wish;
        if (wish == Wish::repair) written.meaning.strengths[size_t(label)] = 1;
      }
    }
    if (fields[3] != "0" && fields[3] != "1") refuse(cat(fields[3], ": expected 0 or 1"));
    written.meaning.everything = fields[3] == "1";
  });
  return result;
}

}  // namespace daclip
