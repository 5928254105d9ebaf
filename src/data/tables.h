// The tab-separated UTF-8 tables that accompany photos: captions, and degradation labels.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/instructions.h"

namespace daclip {

// --- Captions: columns filepath and title, as in the published code's files ----------------------------------------

struct CaptionRow {
  std::string filepath;  // as in the table, possibly relative
  std::string title;     // a sentence; for a degraded photo "<clean caption>: <degradation>"
};

// The first line may name the columns, in either order. Fields may be quoted like pandas does. Throws IoError, and
// FormatError naming the line.
std::vector<CaptionRow> read_captions(const std::filesystem::path& path);
std::vector<CaptionRow> parse_captions(std::string_view text, const std::string& where);

// The file that a row of `table` names, relative to `root`, or to the table's folder if `root` is empty.
std::filesystem::path file_of(std::string_view filepath, const std::filesystem::path& table,
                              const std::filesystem::path& root);

// Writes atomically, including the column names. Throws IoError.
void write_captions(const std::filesystem::path& path, const std::vector<CaptionRow>& rows);

// "<caption>: <label>[,<label>...]". The published code splits titles at ": ", so any ": " within the caption becomes
// ", ".
std::string degraded_title(std::string_view caption, const std::vector<int>& labels);

struct DegradedTitle {
  std::string caption;
  std::vector<int> labels;  // empty if the title names no degradation
};
DegradedTitle split_title(std::string_view title);

// --- Truth: columns filepath and labels ------------------------------------------------------------------------------

struct LabelRow {
  std::string filepath;
  std::vector<int> labels;  // indices into kLabels (core/labels.h); several for mixed degradations
};

// Names of core/labels.h separated by `separator`, as ascending indices, each once. Empty if any name is unknown.
std::vector<int> parse_labels(std::string_view text, char separator);
std::string join_labels(const std::vector<int>& labels, char separator);

// Like read_captions; also throws FormatError for an unknown label.
std::vector<LabelRow> read_label_table(const std::filesystem::path& path);
void write_label_table(const std::filesystem::path& path, const std::vector<LabelRow>& rows);

// --- Instructions in words with their meaning -----------------------------------------------------------------------

// One line each: the text, the kinds to repair and those to keep (labels separated by commas, or "-"), and 1 if what is
// not mentioned is to be repaired too, else 0. Strengths are not in it. Throws IoError, and FormatError naming the
// line.
std::vector<WrittenInstruction> read_instructions(const std::filesystem::path& path);

}  // namespace daclip
