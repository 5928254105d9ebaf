/// @file
/// The exceptions that daclip throws. A message is one line: what failed, where, and what was expected.
#pragma once

#include <stdexcept>

#include "daclip/export.h"

namespace daclip {

/// Base of all of them.
class DACLIP_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that cannot be opened, read or written.
class DACLIP_API IoError : public Error {
 public:
  using Error::Error;
};

/// Bytes that are not what their format says.
class DACLIP_API FormatError : public Error {
 public:
  using Error::Error;
};

/// Missing, unexpected or mismatched tensors.
class DACLIP_API WeightsError : public Error {
 public:
  using Error::Error;
};

/// Sizes beyond what is accepted, or not enough memory.
class DACLIP_API LimitError : public Error {
 public:
  using Error::Error;
};

/// A device or precision that this machine lacks.
class DACLIP_API DeviceError : public Error {
 public:
  using Error::Error;
};

/// An operation called with shapes that do not fit.
class DACLIP_API ShapeError : public Error {
 public:
  using Error::Error;
};

/// Options or a configuration that make no sense.
class DACLIP_API UsageError : public Error {
 public:
  using Error::Error;
};

/// The progress callback asked to stop.
class DACLIP_API Cancelled : public Error {
 public:
  using Error::Error;
};

}  // namespace daclip
