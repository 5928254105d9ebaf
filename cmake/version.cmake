# The public <daclip/version.h>, from project(VERSION), and the private commit.h: what git knew when CMake ran, nothing
# outside a checkout. Files that did not change are not written again, so a new commit compiles one source again.
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.h.in ${PROJECT_BINARY_DIR}/include/daclip/version.h @ONLY)

set(DACLIP_COMMIT "")
find_package(Git QUIET)
if(Git_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  OUTPUT_VARIABLE DACLIP_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/commit.h.in ${PROJECT_BINARY_DIR}/private/commit.h @ONLY)
