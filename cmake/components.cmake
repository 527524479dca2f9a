# The table of chemical components: made once by tools/component_table.sh, copied beside the programs, installed.
# A ready table can be given by -DTILEFOLD_COMPONENTS=FILE or the environment variable of that name.
set(TILEFOLD_COMPONENTS "" CACHE FILEPATH "A ready component table; empty = made from PyPI packages")

set(command ${CMAKE_COMMAND} -E env)
if(TILEFOLD_COMPONENTS)
  list(APPEND command TILEFOLD_COMPONENTS=${TILEFOLD_COMPONENTS})
endif()
if(Python_EXECUTABLE)
  list(APPEND command TILEFOLD_MAKER_PYTHON=${Python_EXECUTABLE})
endif()
execute_process(
  COMMAND ${command} ${CMAKE_SOURCE_DIR}/tools/component_table.sh
  OUTPUT_VARIABLE component_table
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE component_table_missing)
if(component_table_missing)
  message(FATAL_ERROR "tools/component_table.sh failed; see the messages above")
endif()
file(GLOB maker_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/component_maker/*)
list(FILTER maker_sources EXCLUDE REGEX "__pycache__")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${maker_sources} ${CMAKE_SOURCE_DIR}/tools/make_components.py
                                       ${CMAKE_SOURCE_DIR}/tools/component_table.sh)
configure_file(${component_table} ${CMAKE_BINARY_DIR}/components.tfc COPYONLY)
if(SKBUILD)
  install(FILES ${CMAKE_BINARY_DIR}/components.tfc DESTINATION tilefold)
else()
  install(FILES ${CMAKE_BINARY_DIR}/components.tfc DESTINATION share/tilefold)
endif()
