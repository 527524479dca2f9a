#include "codegen/level_module.h"

#include <fmt/format.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>

#include "codegen/jit_engine.h"
#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

/// The primitive whose attributes say what the level's code is compiled for.
constexpr const char* kReferencePrimitive = "tilefold_gemm_f32";
constexpr const char* kLightPasses =
    "always-inline,globaldce,function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(licm),gvn,instcombine<no-verify-fixpoint>,simplifycfg,dce)";

std::unique_ptr<llvm::TargetMachine> make_target_machine(const llvm::Module& module) {
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(module.getTargetTriple(), error);
  if (target == nullptr) {
    throw CompileError(fmt::format("no code generator for {}: {}", module.getTargetTriple(), error));
  }
  // CPU and features come with every function.
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(module.getTargetTriple(), "", "", llvm::TargetOptions(), llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive, true));
}

std::unique_ptr<llvm::Module> parse_primitives(isa::Isa level, llvm::LLVMContext& context) {
  const std::span<const std::byte> bitcode = isa::bitcode(level);
  if (bitcode.empty()) {
    throw CompileError(fmt::format("this build has no primitives of ISA level {}", isa::isa_name(level)));
  }
  const llvm::StringRef text(reinterpret_cast<const char*>(bitcode.data()), bitcode.size());
  auto module = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(text, "primitives"), context);
  if (!module) {
    throw CompileError(fmt::format("primitives of level {} cannot be read: {}", isa::isa_name(level),
                                   llvm::toString(module.takeError())));
  }
  return std::move(*module);
}

}  // namespace

LevelModule::LevelModule(isa::Isa level) : traits_(isa::traits(level)) {
  initialize_llvm();
  primitives_ = parse_primitives(level, context_);
  module_ = std::make_unique<llvm::Module>("kernel", context_);
  module_->setTargetTriple(primitives_->getTargetTriple());
  module_->setDataLayout(primitives_->getDataLayout());
}

LevelModule::~LevelModule() = default;

llvm::Function* LevelModule::add_function(const std::string& name, llvm::FunctionType* type, bool entry) {
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, *module_);
  const llvm::Function* reference = primitives_->getFunction(kReferencePrimitive);
  if (reference == nullptr) throw CompileError(fmt::format("primitive {} is missing", kReferencePrimitive));
  for (const char* attribute : {"target-cpu", "target-features", "tune-cpu", "prefer-vector-width"}) {
    if (reference->hasFnAttribute(attribute)) function->addFnAttr(reference->getFnAttribute(attribute));
  }
  function->addFnAttr(llvm::Attribute::NoUnwind);
  if (entry) {
    entries_.push_back(name);
  } else {
    function->addFnAttr(llvm::Attribute::AlwaysInline);
  }
  return function;
}

llvm::FunctionCallee LevelModule::primitive(const std::string& name, llvm::FunctionType* type) {
  const llvm::Function* defined = primitives_->getFunction(name);
  if (defined == nullptr || defined->getFunctionType() != type) {
    throw CompileError(fmt::format("primitive {} of level {} is missing or has another signature", name, traits_.name));
  }
  return module_->getOrInsertFunction(name, type);
}

void LevelModule::link_primitives() {
  if (auto* used = primitives_->getNamedGlobal("llvm.used")) used->eraseFromParent();
  if (auto* used = primitives_->getNamedGlobal("llvm.compiler.used")) used->eraseFromParent();
  if (llvm::Linker::linkModules(*module_, std::move(primitives_), llvm::Linker::LinkOnlyNeeded)) {
    throw CompileError(fmt::format("primitives of level {} do not link", traits_.name));
  }
}

void LevelModule::internalize() {
  for (llvm::Function& function : *module_) {
    const bool entry = std::find(entries_.begin(), entries_.end(), function.getName().str()) != entries_.end();
    if (!function.isDeclaration() && !entry) function.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  for (llvm::GlobalVariable& global : module_->globals()) {
    if (!global.isDeclaration()) global.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
}

void LevelModule::verify() {
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(*module_, &stream)) {
    throw CompileError("the emitted code is malformed: " + stream.str());
  }
}

void LevelModule::optimize(Optimization optimization, llvm::TargetMachine& machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (optimization == Optimization::full) {
    passes = builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2);
  } else if (llvm::Error error = builder.parsePassPipeline(passes, kLightPasses)) {
    throw CompileError("pass pipeline: " + llvm::toString(std::move(error)));
  }
  passes.run(*module_, modules);
}

std::vector<std::byte> LevelModule::compile(Optimization optimization, bool assembly) {
  link_primitives();
  internalize();
  verify();
  const std::unique_ptr<llvm::TargetMachine> machine = make_target_machine(*module_);
  optimize(optimization, *machine);
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  const auto kind = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, kind)) {
    throw CompileError("the target cannot emit objects");
  }
  passes.run(*module_);
  const auto* bytes = reinterpret_cast<const std::byte*>(object.data());
  return {bytes, bytes + object.size()};
}

}  // namespace tilefold::codegen
