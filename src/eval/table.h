// A table of text and numbers that can be written as Markdown, LaTeX (booktabs) and HTML.
#pragma once

#include <string>
#include <vector>

namespace daclip {

struct Cell {
  enum class Rank { none, best, second };  // bold and underlined

  std::string text;
  std::string detail = {};  // printed after it in smaller type: an interval
  Rank rank = Rank::none;
};

struct TableColumn {
  std::string title;
  bool number = true;  // right-aligned
};

struct TableRow {
  std::vector<Cell> cells;  // one per column
  bool summary = false;     // an average: separated from the rows above
};

struct Table {
  std::string id;     // ASCII letters, digits and '-': the LaTeX label and HTML id
  std::string title;  // without full stop
  std::string note;   // one or two sentences below; may be empty
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
};

std::string to_markdown(const Table& table);
std::string to_latex(const Table& table);  // a table environment; requires booktabs and graphicx
std::string to_html(const Table& table);

}  // namespace daclip
