# The Python extension `tilefold._native`, built with nanobind (a Python package: pip install nanobind).
#
# In a wheel build (scikit-build-core) the extension and the engine are installed into the package. Otherwise
# ${CMAKE_BINARY_DIR}/python holds a tree of links to python/ with the extension in it, to be put on PYTHONPATH.
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
execute_process(
  COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
  OUTPUT_VARIABLE nanobind_ROOT
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE nanobind_missing)
if(nanobind_missing)
  message(FATAL_ERROR "nanobind is not installed for ${Python_EXECUTABLE}: pip install nanobind")
endif()
find_package(nanobind CONFIG REQUIRED)

file(GLOB native_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/native/*.cpp)
nanobind_add_module(tilefold_python NB_STATIC NOMINSIZE LTO ${native_sources})
set_target_properties(tilefold_python PROPERTIES OUTPUT_NAME _native)
target_compile_definitions(tilefold_python PRIVATE TILEFOLD_VERSION="${PROJECT_VERSION}")
target_link_libraries(tilefold_python PRIVATE tilefold_engine tilefold_settings)
tilefold_loads_chemistry(tilefold_python)
# Warnings about nanobind's and Python's own headers are not ours to mend.
target_include_directories(tilefold_python SYSTEM PRIVATE ${nanobind_ROOT}/../include ${Python_INCLUDE_DIRS})
target_include_directories(tilefold_python PRIVATE ${CMAKE_SOURCE_DIR}/python)

if(SKBUILD)
  set_target_properties(tilefold_python tilefold_engine PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS tilefold_python LIBRARY DESTINATION tilefold)
  install(TARGETS tilefold_engine LIBRARY DESTINATION tilefold)
  if(TARGET tilefold_chemistry)
    set_target_properties(tilefold_chemistry PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS tilefold_chemistry LIBRARY DESTINATION tilefold)
  endif()
  # Type stubs, from the module that was just built.
  set(stubs ${CMAKE_BINARY_DIR}/stubs)
  add_custom_command(
    TARGET tilefold_python
    POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${Python_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/make_stubs.py
            $<TARGET_FILE:tilefold_python> ${CMAKE_SOURCE_DIR}/python ${stubs}
    VERBATIM)
  install(DIRECTORY ${stubs}/ DESTINATION tilefold)
else()
  set(package_tree ${CMAKE_BINARY_DIR}/python)
  file(MAKE_DIRECTORY ${package_tree}/tilefold)
  file(GLOB children CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/python/tilefold ${CMAKE_SOURCE_DIR}/python/tilefold/*)
  foreach(child ${children})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/tilefold/${child} ${package_tree}/tilefold/${child} SYMBOLIC)
  endforeach()
  foreach(package ttnn ttnn_jit)
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/${package} ${package_tree}/${package} SYMBOLIC)
  endforeach()
  set_target_properties(tilefold_python PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${package_tree}/tilefold)
endif()
