/// @file
/// The exceptions that daclip throws. A message is one line: what failed, where, and what was expected.
#pragma once

#include <stdexcept>

#include "daclip/export.h"

namespace daclip {

/// Base class of all exceptions below.
class DACLIP_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that cannot be opened, read or written.
class DACLIP_API IoError : public Error {
 public:
  using Error::Error;
};

/// Data that is malformed or truncated.
class DACLIP_API FormatError : public Error {
 public:
  using Error::Error;
};

/// Missing, unexpected or mismatched tensors.
class DACLIP_API WeightsError : public Error {
 public:
  using Error::Error;
};

/// A size above the accepted limit, or not enough memory.
class DACLIP_API LimitError : public Error {
 public:
  using Error::Error;
};

/// A device or precision that is not available on this machine.
class DACLIP_API DeviceError : public Error {
 public:
  using Error::Error;
};

/// Incompatible shapes, or an image with inconsistent fields.
class DACLIP_API ShapeError : public Error {
 public:
  using Error::Error;
};

/// Invalid options, or options that the model does not support.
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
