#include "text/text_repair.h"

#include <gtest/gtest.h>

#include "text/html_entities.h"
#include "text/unicode.h"

namespace daclip {
namespace {

std::string repaired(const std::string& text) { return unicode::encode(repair_text(unicode::decode(text))); }

TEST(RepairText, straightens_quotes_ligatures_and_widths) {
  EXPECT_EQ(repaired("\u201cit\u2019s\u201d"), "\"it's\"");
  EXPECT_EQ(repaired("\ufb01\ufb04"), "fiffl");
  EXPECT_EQ(repaired("\uff21\uff11\u3000\uff01"), "A1 !");
}

TEST(RepairText, composes_and_drops_controls) {
  EXPECT_EQ(repaired("e\u0301"), "\u00e9");
  EXPECT_EQ(repaired("a\x07"
                     "b\u200b\ufeff"),
            "ab\u200b");
  EXPECT_EQ(repaired("\x1b[31;1mred\x1b[0m"), "red");
  EXPECT_EQ(repaired("a\r\nb\rc\u2028"), "a\nb\nc\n");
  EXPECT_EQ(repaired("price \xc2\x80 5"), "price \u20ac 5");  // a Windows-1252 euro read as Latin-1
}

TEST(RepairText, reads_html_only_where_there_are_no_tags) {
  EXPECT_EQ(repaired("caf&EACUTE; &amp;lt;"), "caf\u00c9 <");
  EXPECT_EQ(repaired("<b>&amp;"), "<b>&amp;");
}

TEST(Html, reads_names_and_numbers_as_browsers_do) {
  EXPECT_EQ(unescape_html(U"&ltx &notin; &notit; &unknown; &"), U"<x \u2209 \u00acit; &unknown; &");
  EXPECT_EQ(unescape_html(U"&#65;&#x42;&#67 &#0; &#x80; &#xD800; &#x110000; &#99999999999;&#1;"),
            U"ABC \ufffd \u20ac \ufffd \ufffd \ufffd");
  EXPECT_EQ(unescape_html(U"&NotEqualTilde;"), U"\u2242\u0338");
  EXPECT_EQ(unescape_html(U"&#; &#x; &;"), U"&#; &#x; &;");
}

TEST(Unicode, lower_cases_as_python_does) {
  EXPECT_EQ(unicode::lower(U"\u0130\u00c9"), U"i\u0307\u00e9");
  EXPECT_EQ(unicode::lower(U"\u039f\u0394\u039f\u03a3 \u03a3\u0391"), U"\u03bf\u03b4\u03bf\u03c2 \u03c3\u03b1");
}

}  // namespace
}  // namespace daclip
