# src/chem with RDKit, or with refusals in its place (-DTILEFOLD_WITH_RDKIT=OFF).
if(TILEFOLD_WITH_RDKIT)
  tilefold_component(chem EXCLUDE "/chem/unavailable\\.cpp$" LINK fmt::fmt rdkit DEPENDS tensor)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Boost 1.74 casts numbers outside of the range of an enumeration in constant expressions.
    target_compile_options(tilefold_chem PRIVATE -Wno-enum-constexpr-conversion)
  endif()
else()
  set(needs_rdkit embedding embedding_knowledge geometry molecule perceive smiles standardize torsion_field)
  list(JOIN needs_rdkit "|" needs_rdkit)
  tilefold_component(chem EXCLUDE "/chem/(${needs_rdkit})\\.cpp$" LINK fmt::fmt DEPENDS tensor)
endif()
