#include "native/bindings.h"

NB_MODULE(_native, module) {
  module.doc() = "The C++ engine of Tilefold: tensors, operations, programs.";
  module.attr("__version__") = TILEFOLD_VERSION;
  tilefold::python::bind_errors(module);
  tilefold::python::bind_tensor(module);
  tilefold::python::bind_operations(module);
  tilefold::python::bind_programs(module);
  tilefold::python::bind_machine(module);
  tilefold::python::bind_boltz(module);
  tilefold::python::bind_boltz_parameters(module);
}
