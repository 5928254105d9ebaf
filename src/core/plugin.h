// Shared libraries of ours that are opened only when something needs them, so that programs start without them.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// Path of `library` ("libdaclip_torch.so") beside the program or the library that this code is in, or in ../lib; empty
// if not found.
std::string find_plugin(std::string_view library);

struct PluginSymbol {
  void* address = nullptr;
  std::string problem;  // why there is no address
};

// Opens the library, which stays open until the process ends, and finds the symbol in it.
PluginSymbol open_plugin(const std::string& path, const char* symbol);

}  // namespace daclip
