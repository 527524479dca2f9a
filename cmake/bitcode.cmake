# Tile primitives: src/isa/<level>/*.cpp -> LLVM bitcode. Filled in with the first primitives.
