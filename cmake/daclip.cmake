# Helpers that keep each folder's CMakeLists.txt to its sources and what they need.

# Where the generated headers of the public API go: daclip/export.h, daclip/version.h.
set(DACLIP_GENERATED ${PROJECT_BINARY_DIR}/include)
set(DACLIP_INCLUDES ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${DACLIP_GENERATED})

set(DACLIP_WARNINGS -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  list(APPEND DACLIP_WARNINGS -Wshadow=local)  # clang's -Wshadow has no such form: it warns of fields too
endif()

function(daclip_common target)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${DACLIP_WARNINGS}>")
  if(DACLIP_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${DACLIP_SANITIZE} -fno-omit-frame-pointer
                           $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=undefined>)  # a finding ends the program
    target_link_options(${target} PUBLIC -fsanitize=${DACLIP_SANITIZE})
  endif()
endfunction()

# daclip_library(name SOURCES a.cpp ... DEPS daclip_core ...): static, headers found as "folder/file.h".
function(daclip_library name)
  cmake_parse_arguments(PARSE_ARGV 1 LIB "" "" "SOURCES;DEPS")
  if(LIB_SOURCES)
    add_library(${name} STATIC ${LIB_SOURCES})
    target_include_directories(${name} PUBLIC ${DACLIP_INCLUDES})
    if(DACLIP_HEADERS)
      target_include_directories(${name} SYSTEM PUBLIC ${DACLIP_HEADERS})
    endif()
    target_link_libraries(${name} PUBLIC ${LIB_DEPS})
    daclip_common(${name})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${DACLIP_INCLUDES})
    target_link_libraries(${name} INTERFACE ${LIB_DEPS})
  endif()
endfunction()

# daclip_test(name SOURCES a_test.cpp ... DEPS daclip_core ... [LABELS golden]): GoogleTest cases as CTest tests.
# A skipped case shows as skipped. The tests run in the source folder.
function(daclip_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "" "SOURCES;DEPS;LABELS")
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} GTest::gtest_main)
  daclip_common(${name})
  gtest_discover_tests(${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${TEST_LABELS}")
endfunction()
