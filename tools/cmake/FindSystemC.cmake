# SystemC on Debian 12 has no CMake package, only pkg-config. The library exports its API version symbol for C++17 alone, so
# that C++20 code links only when it claims that version: the definition belongs on this target and nowhere else.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC_PC REQUIRED IMPORTED_TARGET systemc tlm)
if(NOT TARGET SystemC::systemc)
  add_library(SystemC::systemc INTERFACE IMPORTED)
  target_link_libraries(SystemC::systemc INTERFACE PkgConfig::SYSTEMC_PC)
  target_compile_definitions(SystemC::systemc INTERFACE SC_CPLUSPLUS=201703L)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SystemC REQUIRED_VARS SYSTEMC_PC_FOUND VERSION_VAR SYSTEMC_PC_systemc_VERSION)
