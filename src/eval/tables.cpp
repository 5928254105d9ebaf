#include "eval/tables.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/labels.h"
#include "eval/paper_numbers.h"
#include "eval/text.h"
#include "metrics/metric.h"

namespace daclip {
namespace {

std::string heading(Column column) {
  const ColumnInfo& info = column_info(column);
  return std::string(info.title) + (info.better > 0 ? " ↑" : info.better < 0 ? " ↓" : "");
}

Cell cell_of(const Estimate& e, Column column) {
  const int digits = column_info(column).digits;
  Cell cell{column == Column::gain ? signed_text(e.mean, digits) : number_text(e.mean, digits)};
  if (e.has_interval()) cell.detail = cat("[", number_text(e.low, digits), ", ", number_text(e.high, digits), "]");
  return cell;
}

// A cell without interval.
Cell plain_cell(const Estimate& e, Column column) { return {number_text(e.mean, column_info(column).digits)}; }

Cell percent_cell(const Estimate& e) { return {number_text(100 * e.mean, 1)}; }

struct Ranked {
  Cell* cell;
  double value;
};

// Values that are printed alike share a rank. A single value has none.
void rank(std::vector<Ranked> cells, int better) {
  std::erase_if(cells, [](const Ranked& r) { return std::isnan(r.value); });
  if (better == 0 || cells.size() < 2) return;
  std::stable_sort(cells.begin(), cells.end(),
                   [&](const Ranked& a, const Ranked& b) { return better * a.value > better * b.value; });
  std::string best = cells[0].cell->text, second;
  for (const Ranked& r : cells) {
    if (r.cell->text == best) {
      r.cell->rank = Cell::Rank::best;
    } else if (second.empty() || r.cell->text == second) {
      second = r.cell->text;
      r.cell->rank = Cell::Rank::second;
    }
  }
}

std::string titled(const std::string& title, const std::string& group) {
  return group.empty() ? title : cat(title, ", ", group);
}

std::string id_of(std::string_view kind, const std::string& group) {
  std::string id = plain_name(cat(kind, group.empty() ? "" : "-" + group));
  for (char& c : id)
    if (c == '.' || c == '_') c = '-';
  return id;
}

std::vector<std::string> datasets_of(const Summary& summary, const std::string& group) {
  std::vector<std::string> datasets;
  for (const SetSummary& set : summary.sets)
    if (set.group == group && (datasets.empty() || datasets.back() != set.dataset)) datasets.push_back(set.dataset);
  return datasets;
}

bool any_value(const Summary& summary, const std::string& group, Column column) {
  return std::any_of(summary.sets.begin(), summary.sets.end(), [&](const SetSummary& set) {
    return set.group == group && set.of(column).count + set.of(column).infinite > 0;
  });
}

// A column of set figures, of the outputs or of the inputs.
struct FigureColumn {
  std::string name;
  bool input = false;
  bool operator==(const FigureColumn&) const = default;

  bool holds(const SetFigure& figure) const { return figure.name == name && (figure.method == "input") == input; }
  std::string title() const {
    const Metric* metric = find_metric(name);
    const std::string words(metric ? metric->title : name);
    return input ? "Input " + words : words + " ↓";
  }
};

struct OverviewKind {
  std::string_view id, title;
  std::vector<Column> columns;
  bool figures;  // this column shows figures of whole sets
};

// A table of the measured values, set by set.
class Overview {
 public:
  Overview(const Summary& summary, const std::string& group, const OverviewKind& kind)
      : summary_(summary), group_(group), kind_(kind) {
    for (const Column column : kind.columns)
      if (any_value(summary, group, column)) columns_.push_back(column);
    if (kind.figures) find_figures();
  }

  bool of_interest() const { return !columns_.empty() || !figures_.empty(); }

  Table table() const {
    Table table{id_of(kind_.id, group_), titled(std::string(kind_.title), group_), note(), {{"Set", false}}, {}};
    if (several()) table.columns.push_back({"Method", false});
    if (kind_.figures) table.columns.push_back({"Images"});
    for (const Column column : columns_)
      table.columns.push_back({column == Column::recognised ? "Recognised, % ↑" : heading(column)});
    for (const FigureColumn& column : figures_) table.columns.push_back({column.title()});
    for (const std::string& dataset : datasets_of(summary_, group_)) add_set(table, dataset);
    add_averages(table);
    return table;
  }

 private:
  bool several() const { return summary_.methods.size() > 1; }

  void find_figures() {
    for (const SetSummary& set : summary_.sets)
      for (const SetFigure& figure : set.figures) {
        const FigureColumn column{figure.name, figure.method == "input"};
        if (set.group == group_ && std::find(figures_.begin(), figures_.end(), column) == figures_.end())
          figures_.push_back(column);
      }
    std::stable_partition(figures_.begin(), figures_.end(), [](const FigureColumn& column) { return column.input; });
  }

  std::string note() const {
    if (!kind_.figures) return "";
    std::string text = "Means over images";
    if (any_value(summary_, group_, Column::psnr))
      text += ", PSNR and gain in dB, with 95 % bootstrap intervals in brackets";
    text += ".";
    for (const SetSummary& set : summary_.sets)
      if (set.group == group_ && set.of(Column::psnr).infinite)
        return text + " Images equal to the truth have infinite PSNR and are excluded from its mean.";
    return text;
  }

  Cell cell(const Estimates& estimates, Column column) const {
    const Estimate& e = estimates[size_t(column)];
    if (column == Column::recognised) return percent_cell(e);
    return column == Column::psnr || column == Column::gain ? cell_of(e, column) : plain_cell(e, column);
  }

  TableRow row(const std::string& name, const std::string& method, const std::string& images,
               const Estimates& estimates) const {
    TableRow row{{{name}}};
    if (several()) row.cells.push_back({method});
    if (kind_.figures) row.cells.push_back({images});
    for (const Column column : columns_) row.cells.push_back(cell(estimates, column));
    return row;
  }

  // Ranks each column in the rows from `first` on.
  void rank_rows(Table& table, size_t first, const std::vector<const Estimates*>& estimates) const {
    const size_t offset = size_t(1) + several() + kind_.figures;
    for (size_t c = 0; c < columns_.size(); ++c) {
      std::vector<Ranked> cells;
      for (size_t i = 0; i < estimates.size(); ++i)
        cells.push_back({&table.rows[first + i].cells[offset + c], (*estimates[i])[size_t(columns_[c])].mean});
      rank(cells, columns_[c] == Column::seconds ? 0 : column_info(columns_[c]).better);
    }
  }

  void add_set(Table& table, const std::string& dataset) const {
    const size_t first = table.rows.size();
    std::vector<const Estimates*> estimates;
    for (const std::string& method : summary_.methods) {
      const SetSummary* set = summary_.find(dataset, method);
      if (!set) continue;
      const std::string images = set->failed ? cat(set->images, " (", set->failed, " failed)") : cat(set->images);
      table.rows.push_back(row(dataset, method, images, set->estimates));
      estimates.push_back(&set->estimates);
      for (const FigureColumn& column : figures_) {
        const auto found = std::find_if(set->figures.begin(), set->figures.end(),
                                        [&](const SetFigure& figure) { return column.holds(figure); });
        table.rows.back().cells.push_back({found == set->figures.end() ? "" : number_text(found->value, 2)});
      }
    }
    rank_rows(table, first, estimates);
  }

  void add_averages(Table& table) const {
    const size_t first = table.rows.size();
    std::vector<const Estimates*> estimates;
    for (const GroupAverage& average : summary_.averages) {
      if (average.group != group_) continue;
      table.rows.push_back(row("average of the sets", average.method, "", average.estimates));
      table.rows.back().summary = true;
      table.rows.back().cells.resize(table.columns.size());
      estimates.push_back(&average.estimates);
    }
    rank_rows(table, first, estimates);
  }

  const Summary& summary_;
  const std::string& group_;
  const OverviewKind& kind_;
  std::vector<Column> columns_;
  std::vector<FigureColumn> figures_;
};

// A table of one quantity with one row per set, and methods and the paper's numbers side by side.
class Comparison {
 public:
  Comparison(const Summary& summary, const ReportOptions& options, const std::string& group, Column column,
             std::string quantity)
      : summary_(summary), group_(group), column_(column), quantity_(std::move(quantity)) {
    for (const std::string& method : options.paper_methods)
      for (const SetSummary& set : summary.sets)
        if (set.group == group && !published(set, method).empty()) {
          paper_methods_.push_back(method);
          break;
        }
  }

  bool of_interest() const {
    return any_value(summary_, group_, column_) && (summary_.methods.size() > 1 || !paper_methods_.empty());
  }

  Table table() const {
    Table table{id_of(column_info(column_).name, group_), titled(heading(column_), group_), "", {{"Set", false}}, {}};
    const Column input = column_ == Column::psnr   ? Column::psnr_input
                         : column_ == Column::ssim ? Column::ssim_input
                                                   : Column::lpips_input;
    const bool has_input = any_value(summary_, group_, input);
    if (has_input) table.columns.push_back({"Input"});
    for (const std::string& method : summary_.methods) table.columns.push_back({method});
    for (const std::string& method : paper_methods_) table.columns.push_back({method + " (paper)"});
    if (!paper_methods_.empty()) table.note = "The paper's numbers are shown for the paper's sets and are not ranked.";
    for (const std::string& dataset : datasets_of(summary_, group_)) add_set(table, dataset, has_input, input);
    add_average(table, has_input, input);
    return table;
  }

 private:
  std::string published(const SetSummary& set, const std::string& method) const {
    if (set.paper.empty()) return "";
    return std::string(paper_number(set.paper, set.degradation, method, quantity_));
  }

  void add_set(Table& table, const std::string& dataset, bool has_input, Column input) const {
    const SetSummary* any = nullptr;
    for (const std::string& method : summary_.methods)
      if (!any) any = summary_.find(dataset, method);
    TableRow row{{{dataset}}};
    if (has_input) row.cells.push_back(plain_cell(any->of(input), input));
    std::vector<Estimate> estimates;
    for (const std::string& method : summary_.methods) {
      const SetSummary* set = summary_.find(dataset, method);
      estimates.push_back(set ? set->of(column_) : Estimate{});
      row.cells.push_back(cell_of(estimates.back(), column_));
    }
    rank_in(row, estimates, has_input);
    for (const std::string& method : paper_methods_) row.cells.push_back({published(*any, method)});
    table.rows.push_back(std::move(row));
  }

  void add_average(Table& table, bool has_input, Column input) const {
    std::vector<Estimate> estimates(summary_.methods.size());
    Estimate of_input;
    bool any = false;
    for (const GroupAverage& average : summary_.averages) {
      if (average.group != group_) continue;
      const auto method = std::find(summary_.methods.begin(), summary_.methods.end(), average.method);
      estimates[size_t(method - summary_.methods.begin())] = average.of(column_);
      of_input = average.of(input);
      any = true;
    }
    if (!any) return;
    TableRow row{{{"average of the sets"}}, true};
    if (has_input) row.cells.push_back(plain_cell(of_input, input));
    for (const Estimate& estimate : estimates) row.cells.push_back(cell_of(estimate, column_));
    rank_in(row, estimates, has_input);
    row.cells.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }

  void rank_in(TableRow& row, const std::vector<Estimate>& estimates, bool has_input) const {
    std::vector<Ranked> cells;
    for (size_t i = 0; i < estimates.size(); ++i)
      cells.push_back({&row.cells[i + (has_input ? 2 : 1)], estimates[i].mean});
    rank(cells, column_info(column_).better);
  }

  const Summary& summary_;
  const std::string& group_;
  Column column_;
  std::string quantity_;
  std::vector<std::string> paper_methods_;
};

}  // namespace

std::vector<Table> score_tables(const Summary& summary, const ReportOptions& options) {
  const OverviewKind scores{
      "scores", "Scores", {Column::psnr_input, Column::psnr, Column::gain, Column::ssim, Column::lpips}, true};
  const OverviewKind further{
      "further",
      "Further measures",
      {Column::psnr_y, Column::ssim_y, Column::brisque_input, Column::brisque, Column::recognised, Column::seconds},
      false};
  std::vector<Table> tables;
  for (const std::string& group : summary.groups) {
    tables.push_back(Overview(summary, group, scores).table());
    if (const Overview more(summary, group, further); more.of_interest()) tables.push_back(more.table());
    for (const auto& [column, quantity] :
         {std::pair{Column::psnr, "PSNR"}, {Column::ssim, "SSIM"}, {Column::lpips, "LPIPS"}})
      if (const Comparison comparison(summary, options, group, column, quantity); comparison.of_interest())
        tables.push_back(comparison.table());
  }
  return tables;
}

}  // namespace daclip
