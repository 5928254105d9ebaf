# The target docs: build/<preset>/docs/html from the public headers. Warnings are errors, undocumented members too.
find_program(DACLIP_DOXYGEN doxygen)
if(DACLIP_DOXYGEN)
  configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(docs COMMAND ${DACLIP_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile VERBATIM
                    COMMENT "API reference in ${PROJECT_BINARY_DIR}/docs/html")
endif()
