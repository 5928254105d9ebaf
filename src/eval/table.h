// A table of words and figures, written as Markdown, LaTeX (booktabs) and HTML.
#pragma once

#include <string>
#include <vector>

namespace daclip {

struct Cell {
  enum class Rank { none, best, second };  // bold and underlined, as papers do

  std::string text;
  std::string detail = {};  // stands behind it, smaller: an interval
  Rank rank = Rank::none;
};

struct TableColumn {
  std::string title;
  bool number = true;  // set flush right
};

struct TableRow {
  std::vector<Cell> cells;  // one a column
  bool summary = false;     // an average: set off from the rows above
};

struct Table {
  std::string id;     // ASCII letters, digits and '-': LaTeX label, HTML id
  std::string title;  // a phrase without a full stop
  std::string note;   // a sentence or two below, may be empty
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
};

std::string to_markdown(const Table& table);
std::string to_latex(const Table& table);  // a table environment; the document needs booktabs and graphicx
std::string to_html(const Table& table);

}  // namespace daclip
