#include "codegen/jit_engine.h"

#include <fmt/format.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>

#include <atomic>
#include <mutex>

#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

template <typename T>
T checked(llvm::Expected<T> value, const char* what) {
  if (!value) throw CompileError(fmt::format("{}: {}", what, llvm::toString(value.takeError())));
  return static_cast<T>(std::move(*value));
}

llvm::orc::LLJIT& engine() {
  // Never destroyed: kernels may be released by static objects after any other static object has gone.
  static llvm::orc::LLJIT* jit = [] {
    initialize_llvm();
    auto made = checked(llvm::orc::LLJITBuilder().create(), "the JIT engine cannot start");
    // Errors reach us through the failing look-up; without this they would be printed as well.
    made->getExecutionSession().setErrorReporter([](llvm::Error error) { llvm::consumeError(std::move(error)); });
    return made.release();
  }();
  return *jit;
}

class JitObject final : public LoadedObject {
 public:
  explicit JitObject(std::span<const std::byte> object) {
    static std::atomic<std::uint64_t> next{0};
    const llvm::StringRef bytes(reinterpret_cast<const char*>(object.data()), object.size());
    auto library = engine().createJITDylib(fmt::format("kernel{}", next++));
    if (!library) throw CompileError("a kernel cannot be loaded: " + llvm::toString(library.takeError()));
    library_ = &*library;
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes, "kernel");
    if (llvm::Error error = engine().addObjectFile(*library_, std::move(buffer))) {
      std::string message = llvm::toString(std::move(error));
      remove();
      throw CompileError("an object cannot be loaded: " + message);
    }
  }
  ~JitObject() override { remove(); }
  JitObject(const JitObject&) = delete;
  JitObject& operator=(const JitObject&) = delete;

  void* symbol(const std::string& name) const override {
    return checked(engine().lookup(*library_, name), "a kernel cannot be linked").toPtr<void*>();
  }

 private:
  void remove() { llvm::consumeError(engine().getExecutionSession().removeJITDylib(*library_)); }

  llvm::orc::JITDylib* library_ = nullptr;
};

}  // namespace

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
  });
}

std::string llvm_version() { return LLVM_VERSION_STRING; }

std::shared_ptr<const LoadedObject> load_object(std::span<const std::byte> object) {
  return std::make_shared<JitObject>(object);
}

}  // namespace tilefold::codegen
