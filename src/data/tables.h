// The tables (tab-separated, UTF-8) that go with photos: captions, and what is wrong with each.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

// --- Captions: columns filepath and title, as the published code reads and writes them -------------------------------

struct CaptionRow {
  std::string filepath;  // as the table has it, perhaps relative to some folder
  std::string title;     // a sentence, or of a degraded photo "<clean caption>: <degradation>"
};

// The first line may name the columns, in either order. Fields may be quoted as pandas does it. Throws IoError, and
// FormatError naming the line.
std::vector<CaptionRow> read_captions(const std::filesystem::path& path);
std::vector<CaptionRow> parse_captions(std::string_view text, const std::string& where);

// The file that a row of `table` names: its path starts from `root`, or from the table's folder where there is none.
std::filesystem::path file_of(std::string_view filepath, const std::filesystem::path& table,
                              const std::filesystem::path& root);

// Atomically, with the names of the columns. Throws IoError.
void write_captions(const std::filesystem::path& path, const std::vector<CaptionRow>& rows);

// "<caption>: <label>[,<label>...]". The published code splits at ": ", so that one within the caption becomes ", ".
std::string degraded_title(std::string_view caption, const std::vector<int>& labels);

struct DegradedTitle {
  std::string caption;
  std::vector<int> labels;  // empty where the title names no degradation
};
DegradedTitle split_title(std::string_view title);

// --- Truth: columns filepath and labels ------------------------------------------------------------------------------

struct LabelRow {
  std::string filepath;
  std::vector<int> labels;  // indices into kLabels (core/labels.h), several in mixed degradations
};

// Names of core/labels.h between `separator`s as ascending indices, each once; nothing where one is no such name.
std::vector<int> parse_labels(std::string_view text, char separator);
std::string join_labels(const std::vector<int>& labels, char separator);

// As read_captions; also throws FormatError for an unknown label.
std::vector<LabelRow> read_label_table(const std::filesystem::path& path);
void write_label_table(const std::filesystem::path& path, const std::vector<LabelRow>& rows);

}  // namespace daclip
