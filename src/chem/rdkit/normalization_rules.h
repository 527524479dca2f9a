/// The rules by which ChEMBL writes functional groups in one way only, as reactions for RDKit's normaliser.
///
/// They are those of the ChEMBL structure pipeline (PyPI chembl-structure-pipeline 1.2.2), which is under this license:
///
/// MIT License
///
/// Copyright (c) 2019 Greg Landrum
///
/// Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
/// documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
/// rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
/// permit persons to whom the Software is furnished to do so, subject to the following conditions:
///
/// The above copyright notice and this permission notice shall be included in all copies or substantial portions of
/// the Software.
///
/// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
/// WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS
/// OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
/// OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
#pragma once

#include <array>

namespace tilefold::chem::rdkit {

struct NormalizationRule {
  const char* name;
  const char* reaction;  ///< SMIRKS
};

/// In the order in which they are tried.
constexpr std::array<NormalizationRule, 12> kNormalizationRules = {{
    {"nitro group as ions", "[N;X3:1](=[O:2])=[O:3]>>[*+1:1]([*-1:2])=[*:3]"},
    {"diazonium", "[*:1]-[N;X2:2]#[N;X1:3]>>[*:1]-[*+1:2]#[*:3]"},
    {"quaternary nitrogen", "[N;X4;v4;+0:1]>>[*+1:1]"},
    {"trivalent oxygen", "[*:1]=[O;X2;v3;+0:2]-[#6:3]>>[*:1]=[*+1:2]-[*:3]"},
    {"sulfoxide as ions", "[!O:1][S+0;D3:2](=[O:3])[!O:4]>>[*:1][S+1:2]([O-:3])[*:4]"},
    {"protonated sulfoxide as ions", "[!O:1][SH1+1;D3:2](=[O:3])[!O:4]>>[*:1][S+1:2]([O-:3])[*:4]"},
    {"trivalent sulfur", "[O:1]=[S;D2;+0:2]-[#6:3]>>[*:1]=[*+1:2]-[*:3]"},
    {"iminol of a secondary amide", "[C:1]([OH1;D1:2])=;!@[NH1:3]>>[C:1](=[OH0:2])-[NH2:3]"},
    {"iminol of a tertiary amide", "[C:1]([OH1;D1:2])=;!@[NH0:3]>>[C:1](=[OH0:2])-[NH1:3]"},
    {"lone halogen", "[F,Cl,Br,I;X0;+0:1]>>[*-1:1]"},
    {"odd pyridine oxide", "[C,N;-;D2,D3:1]-[N+2;D3:2]-[O-;D1:3]>>[*-0:1]=[*+1:2]-[*-:3]"},
    {"odd azide", "[*:1][N-:2][N+:3]#[N:4]>>[*:1][N+0:2]=[N+:3]=[N-:4]"},
}};

}  // namespace tilefold::chem::rdkit
