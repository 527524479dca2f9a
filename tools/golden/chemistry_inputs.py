"""Molecules of tests/golden/chem: SMILES that the reference takes or refuses, and components."""

MOLECULES = """
CC(=O)Oc1ccccc1C(=O)O
C[C@H](O)c1ccc(/C=C/C(=O)NCC(F)(F)Cl)nc1
Cn1cnc2c1c(=O)n(C)c(=O)n2C
CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O
OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O
CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O
OC(=O)CCCC[C@@H]1SC[C@@H]2NC(=O)N[C@H]12
C[S@](=O)c1ccccc1
[NH3+][C@@H](Cc1ccc(O)cc1)C([O-])=O
COP(=O)([O-])OC
O=[N+]([O-])c1ccc(Cl)cc1Br
C/C=C\\C(=O)O
C/C=C/C=C\\C
C[C@H](O)/C(C)=C(\\C)Cl
C1CC1C(=O)N
C1OC1C2CC2
C1CCC2(CC1)OCCO2
O=C1CCCCCCCCCCCN1
C#CCN(C)CC#N
CC(=O)[O-].C[N+](C)(C)CCO
[2H]C([2H])([2H])c1ccccc1
c1ccc2[nH]c(nc2c1)-c1cccs1
OB(O)c1ccc(I)cc1
C[Si](C)(C)C
C[N+](C)(C)C[C@H](O)CC([O-])=O
C1CCC/C=C\\CC1
Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(n1)-c1cccnc1
C[C@H](CCCC(C)C)[C@H]1CC[C@@H]2[C@@]1(CC[C@H]3[C@H]2CC=C4[C@@]3(CC[C@@H](C4)O)C)C
CC(O)C(F)Cl
[C@H](F)(Cl)Br
N[C@@H](CS)C(=O)N1CCC[C@H]1C(N)=O
O=c1[nH]cnc2[nH]cnc12
C=C=CC
[Na+]
O
[nH]1c2ccccc2c2ccccc12
""".split()

# Not SMILES, impossible valences, no Kekule structure, a chlorine whose rank needs three digits, no conformer.
REFUSED = ["C1CC", "C(", "c1cccc1", "C(C)(C)(C)(C)C", "[Xx]", "C" * 60 + "Cl", "C1CCC/C=C/CC1"]

STANDARDIZE = """
C[NH3+]
[O-]C(=O)[C@@H]([NH3+])Cc1ccc(O)cc1
CS(C)=O
C[S@](=O)c1ccccc1
C[SH+](=O)C
O=SC
O=N(=O)c1ccccc1
C[N+](=O)[O-]
CC(O)=Nc1ccccc1
CC(O)=N
OC(C)=Nc1ccncc1
C[N+](C)(C)CC(O)CC([O-])=O
C[N+](C)(C)C[C@H](O)CC([O-])=O
CN(C)(C)C
C[n+]1cccc([O-])c1
C[N+]([O-])(C)C
[2H]C([2H])O
[13CH4]
OC(=O)[C@H](O)[C@@H](O)C(=O)O
C[N-][N+]#N
CN=N#N
C[N+]#N
O=C(O)c1ccccc1O[Na]
[Na]OC(C)=O
COP(=O)([O-])[O-]
[O-]S(=O)(=O)c1ccccc1
NC(=[NH2+])c1ccccc1
CC[NH+](CC)CC
[O-]c1ccccc1
[CH3-]
CC=[O+]C
[I]
C1=CC=CN1
C[N+]1=CC=CC=C1
CC(=O)Oc1ccccc1C(=O)O
CC[C@H](F)O[H]
F[C@](Cl)(Br)[H]
C/C=C/C
CC(=O)N[C@@H](CS)C(=O)[O-]
C[C@@]1(O)CC[C@@H](C)CC1
OB(O)c1ccccc1
[Zn]
*C
c1ccccc1[Fe]
C[Hg]C
[B]1[B][B][B][B][B][B][B]1
CCN.Cl
CC(=O)[O-].[Na+]
CCO.CCO
c1cccc1
C(C)(C)(C)(C)C
c1ccccc1N#N
C=O=C
C1CC
""".split()

COMPONENTS = """
HEM ATP NAG SEP TRP 1AC DMS HC4 FUM MAE RET STI BEN GTP FAD SAM PLP CLR BTN EPE SO4 MSE TYL BME BMA SAL ACE SF4 ZN HOH
""".split()
