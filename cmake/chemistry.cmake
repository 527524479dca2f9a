# src/chem, and its part that needs RDKit as a library of its own, which the engine loads when it is needed first. Without RDKit
# (-DTILEFOLD_WITH_RDKIT=OFF) there is no such library, and src/chem refuses what needs it.
tilefold_component(chem EXCLUDE "/chem/rdkit/" LINK fmt::fmt ${CMAKE_DL_LIBS} DEPENDS tensor)
if(TILEFOLD_WITH_RDKIT)
  target_compile_definitions(tilefold_chem PRIVATE TILEFOLD_WITH_RDKIT)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/chem/rdkit/*.cpp)
  add_library(tilefold_chemistry MODULE ${sources})
  target_link_libraries(tilefold_chemistry PRIVATE tilefold_engine tilefold_settings rdkit)
  tilefold_precompile(tilefold_chemistry common)
  # Beside the engine, where it is looked for.
  set_target_properties(tilefold_chemistry PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Boost 1.74 casts numbers outside of the range of an enumeration in constant expressions.
    target_compile_options(tilefold_chemistry PRIVATE -Wno-enum-constexpr-conversion)
  endif()
endif()
