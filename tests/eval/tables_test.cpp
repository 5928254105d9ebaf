#include "eval/tables.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "eval/sample_results.h"
#include "eval/text.h"

namespace daclip::test {
namespace {

Table small_table() {
  return {"small",
          "Noise & rain",
          "In dB.",
          {{"Set", false}, {"PSNR ↑"}},
          {{{{"CBSD68_x"}, {"27.00", "[26.00, 28.00]", Cell::Rank::best}}},
           {{{"<Rain>"}, {"−0.50", "", Cell::Rank::second}}},
           {{{"average"}, {""}}, true}}};
}

TEST(Tables, markdown) {
  EXPECT_EQ(to_markdown(small_table()),
            "### Noise \\& rain\n\n"
            "| Set | PSNR ↑ |\n"
            "|---|---:|\n"
            "| CBSD68\\_x | **27.00** \\[26.00, 28.00\\] |\n"
            "| \\<Rain\\> | <ins>−0.50</ins> |\n"
            "| average |  |\n"
            "\nIn dB.\n");
}

TEST(Tables, latex) {
  EXPECT_EQ(to_latex(small_table()),
            "\\begin{table}[htbp]\n\\centering\\small\n\\caption{Noise \\& rain. In dB.}\n\\label{tab:small}\n"
            "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
            "\\begin{tabular}{lr}\n\\toprule\nSet & PSNR $\\uparrow$ \\\\\n\\midrule\n"
            "CBSD68\\_x & \\textbf{27.00} {\\scriptsize [26.00, 28.00]} \\\\\n"
            "\\textless{}Rain\\textgreater{} & \\underline{$-$0.50} \\\\\n"
            "\\midrule\naverage &  \\\\\n\\bottomrule\n\\end{tabular}}\n\\end{table}\n");
}

TEST(Tables, html) {
  const std::string html = to_html(small_table());
  EXPECT_NE(html.find("<tr><td>CBSD68_x</td><td class=\"n\"><b>27.00</b> <small>[26.00, 28.00]</small></td></tr>"),
            std::string::npos)
      << html;
  EXPECT_NE(html.find("<td>&lt;Rain&gt;</td><td class=\"n\"><u>−0.50</u></td>"), std::string::npos) << html;
  EXPECT_NE(html.find("<tr class=\"summary\"><td>average</td>"), std::string::npos) << html;
  EXPECT_NE(html.find("<strong>Noise &amp; rain</strong>"), std::string::npos) << html;
}

TEST(Tables, special_characters_are_escaped) {
  EXPECT_EQ(escape_xml("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escape_xml("a\x01z\xffü\xed\xa0\x80"), "a\xef\xbf\xbdz\xef\xbf\xbdü\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(escape_latex("50% of a_b {x} $y$ #1 & \\ ~ ^"),
            "50\\% of a\\_b \\{x\\} \\$y\\$ \\#1 \\& \\textbackslash{} \\textasciitilde{} \\textasciicircum{}");
  EXPECT_EQ(escape_latex("−1 ↑ ↓ ∞ …"), "$-$1 $\\uparrow$ $\\downarrow$ $\\infty$ \\dots{}");
  EXPECT_EQ(escape_markdown("a|b*c\nd`"), "a\\|b\\*c d\\`");
}

TEST(Tables, numbers_are_printed_as_papers_do) {
  EXPECT_EQ(number_text(-0.004, 2), "0.00");
  EXPECT_EQ(number_text(-1.25, 1), "−1.2");
  EXPECT_EQ(number_text(INFINITY, 2), "∞");
  EXPECT_EQ(number_text(NAN, 2), "");
  EXPECT_EQ(signed_text(4, 1), "+4.0");
  EXPECT_EQ(signed_text(0.001, 1), "0.0");
}

const Table& named(const std::vector<Table>& tables, const std::string& id) {
  for (const Table& table : tables)
    if (table.id == id) return table;
  throw Error("no table " + id);
}

TEST(ScoreTables, a_row_a_set_and_method_and_the_average_below) {
  const ReportOptions options = sample_options();
  const std::vector<Table> tables = score_tables(summarise(sample_results(), options), options);
  const Table& scores = named(tables, "scores");
  ASSERT_EQ(scores.rows.size(), 6u);
  EXPECT_EQ(scores.rows[0].cells[0].text, "CBSD68");
  EXPECT_EQ(scores.rows[0].cells[1].text, "ours");
  EXPECT_EQ(scores.rows[2].cells[2].text, "3 (1 failed)");
  EXPECT_TRUE(scores.rows[4].summary);
  const Table& further = named(tables, "further");
  EXPECT_EQ(further.columns.at(2).title, "Recognised, % ↑");
  EXPECT_EQ(further.rows.at(0).cells.at(2).text, "50.0");
  for (const Table& table : tables)
    for (const TableRow& row : table.rows) EXPECT_EQ(row.cells.size(), table.columns.size()) << table.id;
}

TEST(ScoreTables, methods_stand_beside_the_paper_and_the_best_is_bold) {
  const ReportOptions options = sample_options();
  const std::vector<Table> tables = score_tables(summarise(sample_results(), options), options);
  EXPECT_EQ(
      to_markdown(named(tables, "psnr")),
      "### PSNR ↑\n\n"
      "| Set | Input | ours | other\\_one | NAFNet + DA-CLIP (paper) | IR-SDE + DA-CLIP (paper) |\n"
      "|---|---:|---:|---:|---:|---:|\n"
      "| CBSD68 | 15.00 | <ins>27.00</ins> \\[26.00, 28.00\\] | **28.00** \\[27.00, 29.00\\] | 27.43 | 24.36 |\n"
      "| Rain100H | 12.00 | **21.00** \\[20.00, 22.00\\] | <ins>20.00</ins> \\[19.00, 21.00\\] | 28.23 | 29.41 |\n"
      "| average of the sets | 13.50 | **24.00** \\[23.00, 25.00\\] | **24.00** \\[23.00, 25.00\\] |  |  |\n"
      "\nThe paper's numbers are shown for the paper's sets and are not ranked.\n");
}

TEST(ScoreTables, figures_of_whole_sets_have_columns) {
  ReportOptions options;
  options.figures = {{"CBSD68", "input", "frechet-alex", 12.345, 2}, {"CBSD68", "ours", "frechet-alex", 5, 2}};
  const Table scores = score_tables(summarise(sample_results(), options), options).front();
  const size_t n = scores.columns.size();
  EXPECT_EQ(scores.columns[n - 2].title, "Input Fréchet (AlexNet)");
  EXPECT_EQ(scores.columns[n - 1].title, "Fréchet (AlexNet) ↓");
  EXPECT_EQ(scores.rows[0].cells[n - 2].text, "12.35");
  EXPECT_EQ(scores.rows[0].cells[n - 1].text, "5.00");
  EXPECT_EQ(scores.rows[1].cells[n - 1].text, "");
}

TEST(ScoreTables, one_method_without_reference_needs_no_comparison) {
  const std::vector<Result> results = {sample_result("s", "noisy", "a", "m", 20, 10)};
  EXPECT_EQ(score_tables(summarise(results, {}), {}).size(), 2u);  // scores, and seconds among the further measures
}

TEST(ScoreTables, a_key_that_is_not_the_papers_is_refused) {
  ReportOptions options;
  options.datasets["CBSD68"].paper = "99 nothing";
  EXPECT_THROW(score_tables(summarise(sample_results(), options), options), UsageError);
}

TEST(RecognitionTables, tell_accuracy_labels_and_mistakes) {
  const std::vector<Table> tables = recognition_tables(summarise_recognition(sample_results()));
  ASSERT_EQ(tables.size(), 3u);
  const Table& labels = named(tables, "accuracy-per-label");
  ASSERT_EQ(labels.rows.size(), 2u);
  EXPECT_EQ(labels.rows[0].cells[0].text, "noisy");
  EXPECT_EQ(labels.rows[0].cells[2].text, "50.0");
  EXPECT_EQ(labels.rows[0].cells[3].text, "100");
  const Table& confused = named(tables, "most-confused");
  ASSERT_EQ(confused.rows.size(), 1u);
  EXPECT_EQ(confused.rows[0].cells[2].text, "jpeg-compressed");
  EXPECT_TRUE(recognition_tables({}).empty());
}

TEST(RecognitionTables, good_photos_have_an_accuracy_but_no_number_of_the_paper) {
  std::vector<Result> results = sample_results();
  results.push_back(sample_result("CBSD68-clean", "clean", "a", "ours", 40, 40));
  recognise(results.back(), "clean", 0.75);
  const std::vector<Table> tables = recognition_tables(summarise_recognition(results));
  const Table& labels = named(tables, "accuracy-per-label");
  ASSERT_EQ(labels.rows.size(), 3u);
  EXPECT_EQ(labels.rows[2].cells[0].text, "clean");
  EXPECT_EQ(labels.rows[2].cells[2].text, "100.0");
  EXPECT_EQ(labels.rows[2].cells.back().text, "");
}

}  // namespace
}  // namespace daclip::test
