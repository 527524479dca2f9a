# Hash of everything that decides what machine code a specification becomes; part of every kernel's cache key.
#
# Included by the build, this file makes the header anew whenever such a source changes. Run as a script
# (cmake -DOUTPUT=... -DSOURCE_DIR=... -P), it writes the header.

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB_RECURSE sources ${SOURCE_DIR}/src/codegen/* ${SOURCE_DIR}/src/isa/* ${SOURCE_DIR}/src/schedule/*
       ${SOURCE_DIR}/cmake/bitcode.cmake)
  list(SORT sources)
  set(text "")
  foreach(source ${sources})
    file(SHA256 ${source} hash)
    file(RELATIVE_PATH name ${SOURCE_DIR} ${source})
    string(APPEND text "${name} ${hash}\n")
  endforeach()
  string(SHA256 hash "${text}")
  file(WRITE ${OUTPUT}.new "#define TILEFOLD_GENERATOR_HASH \"${hash}\"\n")
  file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
  return()
endif()

function(tilefold_add_generator_hash)
  if(NOT TARGET tilefold_codegen)
    return()
  endif()
  set(header ${CMAKE_BINARY_DIR}/generated/tilefold_generator_hash.h)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/codegen/* ${CMAKE_SOURCE_DIR}/src/isa/*
       ${CMAKE_SOURCE_DIR}/src/schedule/*)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${header} -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -P
            ${CMAKE_SOURCE_DIR}/cmake/generator_hash.cmake
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/cmake/generator_hash.cmake ${CMAKE_SOURCE_DIR}/cmake/bitcode.cmake
    COMMENT "Hash of the code generator"
    VERBATIM)
  target_sources(tilefold_codegen PRIVATE ${header})
  target_include_directories(tilefold_codegen PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
# Runs when all targets exist.
cmake_language(DEFER CALL tilefold_add_generator_hash)
