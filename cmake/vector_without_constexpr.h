// Included before everything else where std::vector must accept an incomplete type under Clang 19 with GCC 12's library
// (precompile.cmake): constexpr members are instantiated at once, others at the end of the file. Only the class itself
// loses constexpr; what it includes keeps it.
#pragma once

#include <bits/allocator.h>
#include <bits/range_access.h>
#include <bits/stl_algobase.h>
#include <bits/stl_construct.h>
#include <bits/stl_uninitialized.h>
#include <debug/assertions.h>

#include <initializer_list>

#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#include <bits/stl_vector.h>
// Declared constexpr above; the files that need this header do not fill bits.
#define __fill_a1 __fill_bits_without_constexpr
#include <bits/stl_bvector.h>
#undef __fill_a1
#include <bits/vector.tcc>
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
#include <vector>
