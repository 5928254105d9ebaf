#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "eval/paper_numbers.h"
#include "eval/tables.h"
#include "eval/text.h"

namespace daclip {
namespace {

std::string percent(double share) { return number_text(100 * share, 1); }

Cell share_cell(int64_t hits, int64_t n) {
  if (n == 0) return {};
  const Share interval = wilson_interval(hits, n);
  return {percent(double(hits) / double(n)), cat("[", percent(interval.low), ", ", percent(interval.high), "]")};
}

Table accuracy_table(const std::vector<MethodRecognition>& methods) {
  Table table{"recognition",
              "Recognition",
              "Values in %, with Wilson's 95 % interval in brackets. A picture counts as correct "
              "if the most probable label is one of its own.",
              {{"Method", false}, {"Images"}, {"Accuracy ↑"}, {"Mean over labels ↑"}, {"Calibration error ↓"}},
              {}};
  const bool mixed = std::any_of(methods.begin(), methods.end(), [](const auto& m) { return m.report.mixed > 0; });
  if (mixed) {
    for (const char* title :
         {"Mixed images", "Mixed: correct ↑", "Mixed: fraction of labels found ↑", "Mixed: all found ↑"})
      table.columns.push_back({title});
    table.note += " A mixed image with k labels is judged by the k most probable labels.";
  }
  for (const MethodRecognition& m : methods) {
    const RecognitionReport& r = m.report;
    TableRow row{
        {{m.method}, {cat(r.count)}, share_cell(r.hits, r.count), {percent(r.macro_accuracy)}, {percent(r.ece)}}};
    if (mixed) {
      const bool any = r.mixed > 0;
      row.cells.push_back({any ? cat(r.mixed) : ""});
      row.cells.push_back(share_cell(r.mixed_hits, r.mixed));
      row.cells.push_back({percent(r.mixed_recall)});
      row.cells.push_back({percent(r.mixed_exact)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

int64_t pictures_of(const MethodRecognition& m, size_t label) {
  int64_t n = 0;
  if (label < m.report.confusion.size())
    for (const int64_t count : m.report.confusion[label]) n += count;
  return n;
}

Table label_table(const std::vector<MethodRecognition>& methods) {
  Table table{"accuracy-per-label",
              "Accuracy per label, %",
              "For pictures with one label. The paper's Table 4 refers to its own test sets.",
              {{"Label", false}, {"Images"}},
              {}};
  for (const MethodRecognition& m : methods) table.columns.push_back({m.method});
  table.columns.push_back({"DA-CLIP (paper)"});
  std::vector<std::string> labels;
  for (const MethodRecognition& m : methods)
    if (m.labels.size() > labels.size()) labels = m.labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    int64_t n = 0;
    TableRow row{{{labels[i]}, {}}};
    for (const MethodRecognition& m : methods) {
      const bool same = i < m.labels.size() && m.labels[i] == labels[i];
      const int64_t own = same ? pictures_of(m, i) : 0;
      row.cells.push_back(own ? share_cell(m.report.confusion[i][i], own) : Cell{});
      n = std::max(n, own);
    }
    if (n == 0) continue;
    row.cells[1].text = cat(n);
    const bool in_paper = labels[i] != kCleanLabel;  // the paper's Table 4 has no good photos
    row.cells.push_back(
        {in_paper ? std::string(paper_number("4 " + labels[i], labels[i], "DA-CLIP", "accuracy %")) : ""});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table confused_table(const std::vector<MethodRecognition>& methods) {
  constexpr size_t kMost = 8;
  Table table{"most-confused",
              "Most frequent misclassifications",
              "",
              {{"Method", false}, {"True label", false}, {"Predicted", false}, {"Images"}, {"Of its images, %"}},
              {}};
  for (const MethodRecognition& m : methods)
    for (size_t i = 0; i < std::min(kMost, m.report.confused.size()); ++i) {
      const ConfusedPair& pair = m.report.confused[i];
      const int64_t n = pictures_of(m, size_t(pair.truth));
      table.rows.push_back({{{m.method},
                             {m.labels[size_t(pair.truth)]},
                             {m.labels[size_t(pair.predicted)]},
                             {cat(pair.count)},
                             {percent(double(pair.count) / double(n))}}});
    }
  return table;
}

}  // namespace

std::vector<Table> recognition_tables(const std::vector<MethodRecognition>& methods) {
  if (methods.empty()) return {};
  std::vector<Table> tables = {accuracy_table(methods), label_table(methods), confused_table(methods)};
  std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
  return tables;
}

}  // namespace daclip
