# Puts a file into a target as read-only data.
#
#   tilefold_embed(<target> <file> <symbol>)
#
# gives C++ code
#
#   extern "C" const unsigned char <symbol>[];      // first byte, aligned to 64 bytes
#   extern "C" const unsigned char <symbol>_end[];  // one past the last byte
#
# The assembler includes the file itself, so large files (weights) cost no compile time.
function(tilefold_embed target file symbol)
  if(NOT TARGET ${target})
    return()
  endif()
  get_filename_component(path ${file} ABSOLUTE)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "tilefold_embed: ${path} does not exist")
  endif()
  set(source ${CMAKE_BINARY_DIR}/embedded/${symbol}.S)
  file(
    CONFIGURE
    OUTPUT ${source}
    CONTENT
      "    .section .rodata.${symbol}, \"a\"
    .global ${symbol}
    .hidden ${symbol}
    .type ${symbol}, %object
    .balign 64
${symbol}:
    .incbin \"${path}\"
    .global ${symbol}_end
    .hidden ${symbol}_end
    .type ${symbol}_end, %object
${symbol}_end:
    .byte 0
    .size ${symbol}, . - ${symbol}
    .section .note.GNU-stack, \"\", %progbits
"
    @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${path} GENERATED TRUE)
  target_sources(${target} PRIVATE ${source})
endfunction()
