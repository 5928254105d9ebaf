// The exceptions that every part of daclip throws. Messages are one line: what, where, what was expected.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace daclip {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class IoError : public Error {
  using Error::Error;
};  // a file that cannot be opened, read or written
class FormatError : public Error {
  using Error::Error;
};  // bytes that are not what their format says
class WeightsError : public Error {
  using Error::Error;
};  // missing, unexpected or mismatched tensors
class LimitError : public Error {
  using Error::Error;
};  // sizes beyond what is accepted
class DeviceError : public Error {
  using Error::Error;
};  // a backend or precision that this machine lacks
class ShapeError : public Error {
  using Error::Error;
};  // an operation called with shapes that do not fit
class UsageError : public Error {
  using Error::Error;
};  // options or configuration that make no sense

// Joins its arguments as operator<< prints them: cat("width ", 3).
template <class... Args>
std::string cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

}  // namespace daclip
