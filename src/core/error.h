// The exceptions that daclip throws. A message is one line: what failed, where, what was expected.
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
};  // a file cannot be opened, read or written
class FormatError : public Error {
  using Error::Error;
};  // bytes do not follow their format
class WeightsError : public Error {
  using Error::Error;
};  // missing, unexpected or mismatched tensors
class LimitError : public Error {
  using Error::Error;
};  // a size exceeds what is accepted
class DeviceError : public Error {
  using Error::Error;
};  // this machine lacks the backend or precision
class ShapeError : public Error {
  using Error::Error;
};  // an operation was called with shapes that do not match
class UsageError : public Error {
  using Error::Error;
};  // options or configuration are invalid

// Concatenates its arguments as operator<< prints them: cat("width ", 3) is "width 3".
template <class... Args>
std::string cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

}  // namespace daclip
