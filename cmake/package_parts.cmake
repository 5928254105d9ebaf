# Read by CPack once for each kind of package: only the tar archive holds the libraries that the program loads.
if(CPACK_GENERATOR STREQUAL "DEB")
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL loaded_libraries)
endif()
