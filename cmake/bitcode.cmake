# Tile primitives: src/isa/<level>/primitives.cpp is compiled by Clang twice,
#   to LLVM bitcode, embedded in the library, which the code generator specialises and links into its kernels, and
#   to an object with a table of function pointers (src/isa/common/native_table.cpp) for tests, benchmarks and `info`.

set(TILEFOLD_PRIMITIVE_FLAGS
    -std=c++20 -O2 -ffreestanding -fPIC -fno-exceptions -fno-rtti -fno-stack-protector -fno-math-errno
    -ffp-contract=fast -fno-vectorize -fno-slp-vectorize -Wall -Wextra -Wno-unused-function -Wno-psabi -Werror -I${CMAKE_SOURCE_DIR}/src)
set(TILEFOLD_ALL_LEVELS generic neon avx2 avx512 avx512_bf16 amx amx_emulated)
set(TILEFOLD_FLAGS_neon --target=aarch64-linux-gnu)
set(TILEFOLD_FLAGS_avx2 -march=x86-64-v3)
set(TILEFOLD_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
set(TILEFOLD_FLAGS_avx512_bf16 ${TILEFOLD_FLAGS_avx512} -mavx512bf16)
set(TILEFOLD_FLAGS_amx ${TILEFOLD_FLAGS_avx512_bf16} -mamx-tile -mamx-bf16)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(TILEFOLD_LEVELS generic avx2 avx512 avx512_bf16 amx amx_emulated)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(TILEFOLD_LEVELS generic neon amx_emulated)
else()
  set(TILEFOLD_LEVELS generic amx_emulated)
endif()

set(primitives_dir ${CMAKE_BINARY_DIR}/primitives)
file(MAKE_DIRECTORY ${primitives_dir})

# One clang run: `output` from `source` with the flags of `level`.
function(tilefold_compile_primitives level source output)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${TILEFOLD_BITCODE_CLANG} ${TILEFOLD_PRIMITIVE_FLAGS} ${TILEFOLD_FLAGS_${level}} ${ARGN} -MD -MF ${output}.d -c
            ${source} -o ${output}
    DEPENDS ${source}
    DEPFILE ${output}.d
    COMMENT "Primitives: ${level}"
    VERBATIM)
endfunction()

set(bitcode_files "")
set(native_objects "")
set(TILEFOLD_BITCODE_ASSEMBLY "")
set(TILEFOLD_NATIVE_DECLARATIONS "")
set(TILEFOLD_NATIVE_ENTRIES "")
foreach(level ${TILEFOLD_ALL_LEVELS})
  set(bitcode ${primitives_dir}/${level}.bc)
  string(APPEND TILEFOLD_BITCODE_ASSEMBLY ".balign 64\n.globl tilefold_bitcode_${level}\n.hidden tilefold_bitcode_${level}\n"
         ".globl tilefold_bitcode_${level}_end\n.hidden tilefold_bitcode_${level}_end\ntilefold_bitcode_${level}:\n")
  if(level IN_LIST TILEFOLD_LEVELS OR level STREQUAL "neon")
    # NEON is compiled everywhere, so that it cannot rot unseen, but embedded only where it can run.
    tilefold_compile_primitives(${level} ${CMAKE_SOURCE_DIR}/src/isa/${level}/primitives.cpp ${bitcode} -emit-llvm)
    list(APPEND bitcode_files ${bitcode})
  endif()
  if(level IN_LIST TILEFOLD_LEVELS)
    string(APPEND TILEFOLD_BITCODE_ASSEMBLY ".incbin \"${bitcode}\"\n")
    set(object ${primitives_dir}/${level}.o)
    tilefold_compile_primitives(
      ${level} ${CMAKE_SOURCE_DIR}/src/isa/common/native_table.cpp ${object}.all
      -DTILEFOLD_LEVEL_SOURCE="isa/${level}/primitives.cpp" -DTILEFOLD_NATIVE_TABLE=tilefold_native_${level})
    # The levels define the same names: only the table stays visible.
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=tilefold_native_${level} ${object}.all ${object}
      DEPENDS ${object}.all
      VERBATIM)
    list(APPEND native_objects ${object})
    string(APPEND TILEFOLD_NATIVE_DECLARATIONS "extern const tilefold::isa::NativePrimitives tilefold_native_${level};\n")
    string(APPEND TILEFOLD_NATIVE_ENTRIES "{tilefold::isa::Isa::${level}, &tilefold_native_${level}},\n")
  endif()
  string(APPEND TILEFOLD_BITCODE_ASSEMBLY "tilefold_bitcode_${level}_end:\n")
endforeach()

file(CONFIGURE OUTPUT ${primitives_dir}/bitcode.S CONTENT ".section .rodata\n@TILEFOLD_BITCODE_ASSEMBLY@
.section .note.GNU-stack,\"\",%progbits\n" @ONLY)
file(CONFIGURE OUTPUT ${primitives_dir}/isa_native_levels.inc CONTENT "@TILEFOLD_NATIVE_ENTRIES@" @ONLY)
file(CONFIGURE OUTPUT ${primitives_dir}/isa_native_declarations.inc CONTENT "@TILEFOLD_NATIVE_DECLARATIONS@" @ONLY)
set_source_files_properties(${primitives_dir}/bitcode.S PROPERTIES OBJECT_DEPENDS "${bitcode_files}")
set_source_files_properties(${native_objects} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
add_custom_target(tilefold_primitives DEPENDS ${bitcode_files} ${native_objects})

# Runs when all targets exist.
function(tilefold_attach_primitives)
  target_sources(tilefold_isa PRIVATE ${primitives_dir}/bitcode.S)
  target_include_directories(tilefold_isa PRIVATE ${primitives_dir})
  add_dependencies(tilefold_isa tilefold_primitives)
  target_sources(tilefold_engine PRIVATE ${native_objects})
  if(TARGET test_isa)
    find_program(TILEFOLD_OBJDUMP objdump REQUIRED) # of binutils: Clang's own has other options
    target_compile_definitions(test_isa PRIVATE TILEFOLD_PRIMITIVES_DIR="${primitives_dir}"
                                                TILEFOLD_OBJDUMP="${TILEFOLD_OBJDUMP}")
  endif()
endfunction()
cmake_language(DEFER CALL tilefold_attach_primitives)
