# LibTorch: Debian's 1.13 (libtorch-dev), or the one inside a Python installation's torch package.
# Without -DTorch_DIR or CMAKE_PREFIX_PATH it is looked for in both.
find_package(Torch QUIET)
if(NOT Torch_FOUND)
  execute_process(COMMAND python3 -c "import torch; print(torch.utils.cmake_prefix_path)"
                  OUTPUT_VARIABLE python_torch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_package(Torch REQUIRED PATHS ${python_torch})
endif()

add_library(daclip_libtorch INTERFACE)
target_link_libraries(daclip_libtorch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(daclip_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(daclip_libtorch INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${torch_flags}>")

# <torch/torch.h> takes 20 s to compile: one precompiled copy is shared by everything that includes it.
file(WRITE ${PROJECT_BINARY_DIR}/torch_pch.cpp "")
add_library(daclip_torch_pch OBJECT ${PROJECT_BINARY_DIR}/torch_pch.cpp)
target_link_libraries(daclip_torch_pch PRIVATE daclip_libtorch)
target_precompile_headers(daclip_torch_pch PRIVATE <torch/torch.h>)
daclip_common(daclip_torch_pch)

# Every target whose sources include <torch/torch.h> calls this.
function(daclip_uses_torch target)
  target_link_libraries(${target} PRIVATE daclip_libtorch)
  # Programs too: the flags must be those that the header was precompiled with.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fPIC>)
  target_precompile_headers(${target} REUSE_FROM daclip_torch_pch)
endfunction()
