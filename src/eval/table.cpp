#include "eval/table.h"

#include "core/error.h"
#include "eval/text.h"

namespace daclip {
namespace {

// Joins f(item) of each item.
template <class List, class Function>
std::string join(const List& list, const char* between, Function&& f) {
  std::string text;
  for (size_t i = 0; i < list.size(); ++i) text += (i ? between : "") + f(list[i]);
  return text;
}

std::string markdown_cell(const Cell& cell) {
  std::string text = escape_markdown(cell.text);
  if (cell.rank == Cell::Rank::best) text = "**" + text + "**";
  if (cell.rank == Cell::Rank::second) text = "<ins>" + text + "</ins>";
  return cell.detail.empty() ? text : text + " " + escape_markdown(cell.detail);
}

std::string latex_cell(const Cell& cell) {
  std::string text = escape_latex(cell.text);
  if (cell.rank == Cell::Rank::best) text = "\\textbf{" + text + "}";
  if (cell.rank == Cell::Rank::second) text = "\\underline{" + text + "}";
  if (!cell.detail.empty()) text += " {\\scriptsize " + escape_latex(cell.detail) + "}";
  // LaTeX would read a leading bracket as the spacing argument of the previous line.
  return text.starts_with('[') || text.starts_with('*') ? "{}" + text : text;
}

std::string html_cell(const Cell& cell, const TableColumn& column) {
  std::string text = escape_xml(cell.text);
  if (cell.rank == Cell::Rank::best) text = "<b>" + text + "</b>";
  if (cell.rank == Cell::Rank::second) text = "<u>" + text + "</u>";
  if (!cell.detail.empty()) text += " <small>" + escape_xml(cell.detail) + "</small>";
  return cat("<td", column.number ? " class=\"n\"" : "", ">", text, "</td>");
}

}  // namespace

std::string to_markdown(const Table& table) {
  std::string text = cat("### ", escape_markdown(table.title), "\n\n| ");
  text += join(table.columns, " | ", [](const TableColumn& c) { return escape_markdown(c.title); }) + " |\n|";
  for (const TableColumn& column : table.columns) text += column.number ? "---:|" : "---|";
  text += '\n';
  for (const TableRow& row : table.rows) text += "| " + join(row.cells, " | ", markdown_cell) + " |\n";
  if (!table.note.empty()) text += "\n" + escape_markdown(table.note) + "\n";
  return text;
}

std::string to_latex(const Table& table) {
  std::string text = cat("\\begin{table}[htbp]\n\\centering\\small\n\\caption{", escape_latex(table.title),
                         table.note.empty() ? "." : ". " + escape_latex(table.note), "}\n\\label{tab:", table.id, "}\n",
                         "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{");
  for (const TableColumn& column : table.columns) text += column.number ? 'r' : 'l';
  text += "}\n\\toprule\n" + join(table.columns, " & ", [](const TableColumn& c) { return escape_latex(c.title); });
  text += " \\\\\n\\midrule\n";
  bool after_rule = true;
  for (const TableRow& row : table.rows) {
    if (row.summary && !after_rule) text += "\\midrule\n";
    text += join(row.cells, " & ", latex_cell) + " \\\\\n";
    after_rule = row.summary;
  }
  return text + "\\bottomrule\n\\end{tabular}}\n\\end{table}\n";
}

std::string to_html(const Table& table) {
  std::string text = cat("<figure class=\"table\" id=\"", table.id, "\">\n<figcaption><strong>",
                         escape_xml(table.title), "</strong>", table.note.empty() ? "" : " " + escape_xml(table.note),
                         "</figcaption>\n<div class=\"scroll\"><table>\n<thead><tr>");
  for (const TableColumn& column : table.columns)
    text += cat("<th scope=\"col\"", column.number ? " class=\"n\"" : "", ">", escape_xml(column.title), "</th>");
  text += "</tr></thead>\n<tbody>\n";
  for (const TableRow& row : table.rows) {
    text += row.summary ? "<tr class=\"summary\">" : "<tr>";
    for (size_t i = 0; i < row.cells.size(); ++i) text += html_cell(row.cells[i], table.columns[i]);
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table></div>\n</figure>\n";
}

}  // namespace daclip
