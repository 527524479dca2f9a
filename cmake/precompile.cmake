# Precompiled headers: parsing the standard library and fmt is half of the time of a clean build.
# Only headers from outside of the project are precompiled, so that a change of ours never rebuilds everything; every
# source still includes what it uses. One precompiled header per kind serves all targets of that kind.

set(TILEFOLD_PRECOMPILED_common
    <algorithm> <array> <cmath> <cstdint> <cstdlib> <cstring> <filesystem> <fstream> <functional> <limits> <map> <memory>
    <mutex> <numeric> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <fmt/format.h> <nlohmann/json.hpp>)
set(TILEFOLD_PRECOMPILED_llvm ${TILEFOLD_PRECOMPILED_common} <llvm/IR/IRBuilder.h> <llvm/IR/Module.h>)
set(TILEFOLD_PRECOMPILED_test ${TILEFOLD_PRECOMPILED_common} <gtest/gtest.h>)
set(TILEFOLD_PRECOMPILE_LINK_common fmt::fmt)
set(TILEFOLD_PRECOMPILE_LINK_llvm fmt::fmt tilefold_llvm)
set(TILEFOLD_PRECOMPILE_LINK_test fmt::fmt GTest::gtest)

# What Clang 19 cannot compile of GCC 12's library.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # std::visit from a precompiled header.
  set_source_files_properties(
    src/graph/attributes.cpp src/schedule/bound_chain.cpp src/schedule/bound_program.cpp src/schedule/schedule.cpp
    PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  # A vector of an incomplete type (gemmi's cif documents) whose members are constexpr, as they are since C++20.
  set(TILEFOLD_GEMMI_CIF_OPTIONS -include ${CMAKE_SOURCE_DIR}/cmake/vector_without_constexpr.h)
  set_source_files_properties(
    src/bio/component_cif.cpp src/bio/read_model.cpp src/bio/template_cif.cpp src/bio/write_mmcif.cpp
    PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "${TILEFOLD_GEMMI_CIF_OPTIONS}")
endif()

# Gives `target` the precompiled headers of `kind`.
function(tilefold_precompile target kind)
  if(NOT TILEFOLD_PRECOMPILE_HEADERS)
    return()
  endif()
  if(NOT TARGET tilefold_precompiled_${kind})
    set(source ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "")
    add_library(tilefold_precompiled_${kind} OBJECT ${source})
    target_link_libraries(tilefold_precompiled_${kind} PRIVATE tilefold_settings ${TILEFOLD_PRECOMPILE_LINK_${kind}}
                                                               Threads::Threads)
    if(kind STREQUAL "test")
      # As programs are compiled; libraries need -fPIC.
      set_target_properties(tilefold_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(tilefold_precompiled_test PRIVATE -fPIE)
    endif()
    target_precompile_headers(tilefold_precompiled_${kind} PRIVATE ${TILEFOLD_PRECOMPILED_${kind}})
  endif()
  target_precompile_headers(${target} REUSE_FROM tilefold_precompiled_${kind})
endfunction()
