#include <exception>

#include "native/bindings.h"
#include "tilefold/error.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

/// Raises tilefold.errors.<name>. The classes are Python's, so that they can also derive from built-in exceptions.
void raise_as(const char* name, const char* message) {
  const nb::object type = nb::module_::import_("tilefold.errors").attr(name);
  PyErr_SetString(type.ptr(), message);
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const TypeError& error) {
    raise_as("TypeError", error.what());
  } catch (const ValueError& error) {
    raise_as("ValueError", error.what());
  } catch (const IoError& error) {
    raise_as("IoError", error.what());
  } catch (const ParseError& error) {
    raise_as("ParseError", error.what());
  } catch (const UnsupportedError& error) {
    raise_as("UnsupportedError", error.what());
  } catch (const WeightError& error) {
    raise_as("WeightError", error.what());
  } catch (const CompileError& error) {
    raise_as("CompileError", error.what());
  } catch (const Error& error) {
    raise_as("Error", error.what());
  }
}

}  // namespace

void bind_errors(nb::module_&) { nb::register_exception_translator(translate); }

}  // namespace tilefold::python
