#include "eval/result.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "core/error.h"
#include "core/files.h"

namespace daclip {
namespace {

using Json = nlohmann::ordered_json;

// A single list of columns for both files and both directions.
template <class Visitor, class AnyResult>
void visit_columns(Visitor&& visit, AnyResult& r) {
  visit("dataset", r.dataset);
  visit("degradation", r.degradation);
  visit("image", r.image);
  visit("method", r.method);
  visit("psnr", r.psnr);
  visit("ssim", r.ssim);
  visit("psnr_y", r.psnr_y);
  visit("ssim_y", r.ssim_y);
  visit("lpips", r.lpips);
  visit("psnr_input", r.psnr_input);
  visit("ssim_input", r.ssim_input);
  visit("predicted", r.predicted);
  visit("confidence", r.confidence);
  visit("seconds", r.seconds);
  visit("error", r.error);
  visit("lpips_input", r.lpips_input);
  visit("brisque", r.brisque);
  visit("brisque_input", r.brisque_input);
  visit("untouched", r.untouched);
  visit("unsure", r.unsure);
}

std::string text(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

std::string cell(const std::string& value) {
  if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
  std::string quoted = "\"";
  for (const char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}
std::string cell(double value) { return text(value); }
std::string cell(bool value) { return value ? "1" : ""; }
std::string cell(const std::optional<double>& value) { return value ? text(*value) : ""; }

double number(const std::string& value) {
  double result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() || std::isnan(result))
    throw FormatError(cat("\"", value, "\" is not a number"));
  return result;
}

void read_cell(const std::string& value, std::string& to) { to = value; }
void read_cell(const std::string& value, double& to) { to = value.empty() ? 0 : number(value); }
void read_cell(const std::string& value, bool& to) { to = !value.empty() && number(value) != 0; }
void read_cell(const std::string& value, std::optional<double>& to) {
  if (!value.empty()) to = number(value);
}

// A row of a CSV, including quoted cells with line breaks, and the line where it begins.
struct CsvRow {
  size_t line = 1;
  std::vector<std::string> cells;
};

std::vector<CsvRow> csv_rows(const std::vector<uint8_t>& bytes, const std::string& where) {
  std::vector<CsvRow> rows;
  size_t line = 1;
  for (size_t at = 0; at < bytes.size();) {
    CsvRow row{line, {""}};
    bool quoted = false, end = false;
    for (; at < bytes.size() && !end; ++at) {
      const char c = char(bytes[at]);
      if (c == '\n') ++line;
      if (quoted && c == '"' && at + 1 < bytes.size() && bytes[at + 1] == '"')
        row.cells.back() += bytes[at++];
      else if (c == '"')
        quoted = !quoted;
      else if (quoted)
        row.cells.back() += c;
      else if (c == ',')
        row.cells.emplace_back();
      else if (c == '\n')
        end = true;
      else if (c != '\r')
        row.cells.back() += c;
    }
    if (quoted) throw FormatError(cat(where, ": line ", row.line, ": unterminated quote"));
    if (row.cells.size() > 1 || !row.cells[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

Json value_of(const std::string& value) { return value; }
Json value_of(bool value) { return value; }
Json value_of(double value) { return std::isinf(value) ? Json(text(value)) : Json(value); }

void read_value(const Json& value, std::string& to) { to = value.get<std::string>(); }
void read_value(const Json& value, bool& to) { to = value.get<bool>(); }
void read_value(const Json& value, double& to) { to = value.is_string() ? number(value) : value.get<double>(); }

struct JsonWriter {
  Json json = Json::object();
  template <class T>
  void operator()(const char* name, const T& value) {
    json[name] = value_of(value);
  }
  void operator()(const char* name, const std::optional<double>& value) {
    json[name] = value ? value_of(*value) : Json();
  }
};

struct JsonReader {
  const Json& json;
  template <class T>
  void operator()(const char* name, T& to) const {
    const auto found = json.find(name);
    if (found == json.end()) return;
    try {
      read_value(*found, to);
    } catch (const std::exception&) {
      throw FormatError(cat(name, " is ", found->dump(-1, ' ', false, Json::error_handler_t::replace)));
    }
  }
  void operator()(const char* name, std::optional<double>& to) const {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return;
    double value = 0;
    (*this)(name, value);
    to = value;
  }
};

Json parse(const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) throw FormatError("not a JSON object");
  return json;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string file_text(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

void write_results_csv(const std::filesystem::path& path, const std::vector<Result>& results) {
  std::string content;
  const Result none;
  visit_columns([&](const char* name, const auto&) { content += (content.empty() ? "" : ",") + std::string(name); },
                none);
  content += '\n';
  for (const Result& result : results) {
    bool first = true;
    visit_columns(
        [&](const char*, const auto& value) {
          content += (first ? "" : ",") + cell(value);
          first = false;
        },
        result);
    content += '\n';
  }
  write_text(path, content);
}

std::vector<Result> read_results_csv(const std::filesystem::path& path) {
  const std::vector<CsvRow> rows = csv_rows(read_file(path), path.string());
  std::map<std::string, size_t> columns;
  if (!rows.empty())
    for (size_t i = 0; i < rows[0].cells.size(); ++i) columns[rows[0].cells[i]] = i;
  for (const char* needed : {"dataset", "image", "method"})
    if (!columns.count(needed)) throw FormatError(cat(path.string(), ": line 1: no column ", needed));
  std::vector<Result> results;
  for (size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    if (row.cells.size() != rows[0].cells.size())
      throw FormatError(
          cat(path.string(), ": line ", row.line, ": ", row.cells.size(), " cells, expected ", rows[0].cells.size()));
    try {
      visit_columns(
          [&](const char* name, auto& to) {
            if (const auto column = columns.find(name); column != columns.end())
              read_cell(row.cells[column->second], to);
          },
          results.emplace_back());
    } catch (const FormatError& error) {
      throw FormatError(cat(path.string(), ": line ", row.line, ": ", error.what()));
    }
  }
  return results;
}

std::string to_json_line(const Result& result) {
  JsonWriter writer;
  visit_columns(writer, result);
  writer.json["truth"] = result.truth;
  writer.json["probabilities"] = result.probabilities;
  return dump(writer.json);
}

Result result_from_json_line(const std::string& line) {
  const Json json = parse(line);
  Result result;
  visit_columns(JsonReader{json}, result);
  if (result.dataset.empty() || result.image.empty() || result.method.empty())
    throw FormatError("missing dataset, image or method");
  try {
    result.truth = json.value("truth", result.truth);
    result.probabilities = json.value("probabilities", result.probabilities);
  } catch (const nlohmann::json::exception&) {
    throw FormatError("expected truth as a list of labels and probabilities as an object of numbers");
  }
  return result;
}

ResultLines read_results_jsonl(const std::filesystem::path& path) {
  ResultLines lines;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> known;
  std::istringstream content(file_text(path));
  std::string line;
  for (size_t number_of_line = 1; std::getline(content, line); ++number_of_line) {
    if (line.empty()) continue;
    try {
      Result result = result_from_json_line(line);
      const auto [found, is_new] =
          known.try_emplace({result.dataset, result.image, result.method}, lines.results.size());
      if (is_new)
        lines.results.push_back(std::move(result));
      else
        lines.results[found->second] = std::move(result);
    } catch (const Error& error) {
      lines.problems.push_back(cat(path.string(), ": line ", number_of_line, ": ", error.what()));
    }
  }
  return lines;
}

void write_set_figures(const std::filesystem::path& path, const std::vector<SetFigure>& figures) {
  std::string content;
  for (const SetFigure& f : figures)
    content += dump(Json{{"dataset", f.dataset},
                         {"method", f.method},
                         {"figure", f.name},
                         {"value", value_of(f.value)},
                         {"images", f.images}}) +
               '\n';
  write_text(path, content);
}

std::vector<SetFigure> read_set_figures(const std::filesystem::path& path) {
  std::vector<SetFigure> figures;
  std::istringstream content(file_text(path));
  std::string line;
  for (size_t number_of_line = 1; std::getline(content, line); ++number_of_line) {
    try {
      const Json json = parse(line);
      SetFigure& f = figures.emplace_back();
      const JsonReader reader{json};
      reader("dataset", f.dataset);
      reader("method", f.method);
      reader("figure", f.name);
      reader("value", f.value);
      double images = 0;
      reader("images", images);
      f.images = int(std::clamp(images, 0.0, 1e9));
    } catch (const Error& error) {
      throw FormatError(cat(path.string(), ": line ", number_of_line, ": ", error.what()));
    }
  }
  return figures;
}

std::filesystem::path picture_path(const std::filesystem::path& report, const std::string& dataset,
                                   const std::string& image, const std::string& who) {
  const auto plain = [](std::string name) {
    for (char& c : name)
      if (c == '/' || c == '\\' || uint8_t(c) < 32) c = '_';
    if (name.starts_with('.')) name[0] = '_';
    return name;
  };
  return report / "images" / plain(dataset) / (plain(image) + "." + plain(who) + ".png");
}

}  // namespace daclip
