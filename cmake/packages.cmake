# Packages by CPack: a Debian package that depends on Debian's libraries, and a tar archive that brings them along.
set(CPACK_PACKAGE_VENDOR "The daclip developers")
set(CPACK_PACKAGE_CONTACT "The daclip developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Restores photos: noise, blur, haze, rain, snow, shadows, darkness, JPEG blocks")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME daclip-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/package_parts.cmake)

# The libraries that the program loads, without those of the C library, which belong to the system.
install(RUNTIME_DEPENDENCY_SET daclip_loaded
        PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread)\\.so" "^libdaclip"
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT loaded_libraries EXCLUDE_FROM_ALL)

include(CPack)
