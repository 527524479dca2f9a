"""Writes the template files that the inputs use, and tests/golden/templates/alignments.json.

usage: make_templates.py INPUT_DIR OUT_DIR

INPUT_DIR/*.cif, *.pdb      synthetic templates with gaps, modified residues, alternatives, ligands and waters
OUT_DIR/alignments.json     scores, local alignments and chain assignments of the reference for pairs of sequences
"""

import argparse
from pathlib import Path

import numpy as np
from boltz.data.parse.schema import get_global_alignment_score, get_local_alignments
from common import write_json
from scipy.optimize import linear_sum_assignment
from template_files import MmcifWriter, Molecule, make_chain, one_letter, pdb_text


def shift(residues, offset):
    for residue in residues:
        residue.atoms = {name: position + offset for name, position in residue.atoms.items()}


def pair_template(random):
    """Two chains with gaps, a modified residue, an alternative, residues without N, without CB, with CA alone."""
    first = make_chain(one_letter("G(MSE)KVS(SEP)LARTWGAD"), random, missing=(0, 7, 8))
    second = make_chain(one_letter("ATGCDEFY"), random, missing=(7,))
    shift(second, np.array([9.0, -4.0, 3.0]))
    first[1].atoms["SE"] = first[1].atoms["CB"] + np.array([1.2, 0.9, -0.7])
    first[3].alternatives = {"CA": first[3].atoms["CA"] + 0.4, "CB": first[3].atoms["CB"] + 0.6}
    first[5].atoms["P"] = first[5].atoms["CB"] + np.array([0.3, -1.9, 1.1])
    first[6].atoms["H"] = first[6].atoms["N"] + np.array([0.6, 0.6, 0.5])
    del first[10].atoms["CB"], second[3].atoms["N"]
    second[5].atoms = {"CA": second[5].atoms["CA"]}
    writer = MmcifWriter("PAIR")
    writer.add_polymer("A", "X", first, first_number=101)
    writer.add_polymer("B", "Y", second)
    ligand = Molecule("BME", {name: random.normal(0, 4, 3) for name in ("C1", "C2", "O1", "S2")})
    waters = [Molecule("HOH", {"O": random.normal(0, 9, 3)}) for _ in range(2)]
    writer.add_molecules("non-polymer", "C", "X", [ligand], 201)
    writer.add_molecules("water", "D", "X", waters, 301)
    return writer.text()


def single_template(random):
    """A PDB file with SEQRES, gaps at both ends and inside, a ligand, a water, another chain."""
    first = make_chain(one_letter("MTGCDDFYKPL"), random, missing=(0, 4, 5, 10))
    second = make_chain(one_letter("GGSGG"), random)
    shift(second, np.array([-8.0, 5.0, 6.0]))
    first[3].alternatives = {"CB": first[3].atoms["CB"] + 0.5}
    ligand = Molecule("ZN", {"ZN": random.normal(0, 5, 3)})
    water = Molecule("HOH", {"O": random.normal(0, 8, 3)})
    return pdb_text({"B": (first, 20), "Q": (second, 1)}, [("B", 101, ligand), ("B", 201, water)])


def forced_template(name, random, *chains):
    """Chains A, B, ... near each other, each a sequence and the positions that were not observed."""
    writer = MmcifWriter(name)
    for label, (sequence, missing) in zip("AB", chains):
        residues = make_chain(one_letter(sequence), random, missing)
        shift(residues, random.normal(0, 4, 3))
        writer.add_polymer(label, label, residues)
    return writer.text()


def template_files():
    random = np.random.default_rng(5)
    return {
        "template_pair.cif": pair_template(random),
        "template_single.pdb": single_template(random),
        "template_forced.cif": forced_template("FORCED", random, ("SLARTW", (4,))),
        "template_first.cif": forced_template("FIRST", random, ("GSGG", ()), ("GSGG", (2,))),
        "template_second.cif": forced_template("SECOND", random, ("MGSGG", (0,)), ("GSGGA", (3,))),
    }


# ---- alignments ----

LETTERS = "ACDEFGHIKLMNPQRSTVWYBZXUOJ*"


def random_sequence(random, length, letters=LETTERS[:20]):
    return "".join(random.choice(list(letters), size=length))


def mutated(random, sequence):
    """A relative of a sequence: substitutions, an insertion, a deletion."""
    letters = [random_sequence(random, 1) if random.random() < 0.2 else letter for letter in sequence]
    cut, insertion = random.integers(1, len(letters) - 1, 2)
    del letters[cut : cut + random.integers(1, 4)]
    letters[insertion:insertion] = random_sequence(random, random.integers(1, 5))
    return "".join(letters)


def sequence_pairs():
    """Hand-made pairs (ties, odd letters, no alignment), then relatives and strangers."""
    pairs = [
        ("RSFVCEVCTRAFARQEYLKRHYRSHTNEKQL", "RSFVCEVCTRAFARQEHLKRHYRSHTNEK"),
        ("AAAA", "AA"),
        ("AA", "AAAA"),
        ("GWGGWG", "WW"),
        ("ACDEFXXKL", "ACDEFGHKL"),
        ("GGG", "WWW"),
        ("A", "A"),
        ("W", "C"),
        ("MKVLIUGA", "MKVLICGA"),
        ("OOOO", "KKKK"),
        ("BZJX", "DEIA"),
        ("JJLLII", "ILJLIJ"),
        ("ACD*EFG", "ACD*EFG"),
        ("ACDEFG", "ACD*EFG"),
        ("XXXXXX", "ACDEFG"),
        ("GPGPGPGP", "PGPGPG"),
        ("MSEQVENCE", "GSMSEQVENCEHHHHHH"),
        ("KVSLARTWGA", "GXKVSXLARTWGAD"),
        ("WWWWGGGGWWWW", "WWWWWWWW"),
        ("ACDEFGHIKLMNPQRSTVWY", "YWVTSRQPNMLKIHGFEDCA"),
    ]
    random = np.random.default_rng(11)
    for length in (12, 20, 35, 50):
        sequence = random_sequence(random, length)
        pairs += [(sequence, mutated(random, sequence)), (mutated(random, sequence), sequence)]
    pairs += [(random_sequence(random, 15), random_sequence(random, 22)) for _ in range(3)]
    pairs += [(random_sequence(random, 14, LETTERS), random_sequence(random, 14, LETTERS)) for _ in range(4)]
    return pairs


def describe_pair(query, template):
    records = get_local_alignments(query, template)
    return dict(
        query=query,
        template=template,
        global_score=get_global_alignment_score(query, template),
        local=[[r.query_st, r.query_en, r.template_st, r.template_en] for r in records],
    )


def assignment_sets():
    """Lists of query and template chains without ties among the assignments, square and not."""
    random = np.random.default_rng(12)
    families = [random_sequence(random, 24) for _ in range(4)]
    relatives = [[mutated(random, sequence) for _ in range(3)] for sequence in families]
    flat = [sequence for row in relatives for sequence in row]
    return [
        (families, [relatives[2][0], relatives[0][0], relatives[3][0], relatives[1][0]]),
        (families, [relatives[1][1], relatives[3][1]]),
        (families[:2], [relatives[3][2], relatives[1][2], relatives[0][2]]),
        ([families[0], relatives[0][0]], [relatives[0][1], relatives[0][2]]),
        (flat[:5], flat[5:]),
        ([families[1]], flat[:6]),
    ]


def describe_assignment(queries, templates):
    scores = [[get_global_alignment_score(query, template) for template in templates] for query in queries]
    rows, columns = linear_sum_assignment(scores, maximize=True)
    pairs = [[int(row), int(column)] for row, column in zip(rows, columns)]
    return dict(queries=queries, templates=templates, scores=scores, pairs=pairs)


def refused(query, template):
    """The reference refuses letters outside its alphabet."""
    try:
        get_global_alignment_score(query, template)
    except Exception as error:
        return dict(query=query, template=template, error=f"{type(error).__name__}: {error}")
    raise SystemExit(f"the reference aligns {query} and {template}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()

    for name, text in template_files().items():
        (arguments.inputs / name).write_text(text)
        print(f"{len(text) / 1024:8.1f} KiB  {arguments.inputs / name}")
    sections = dict(
        pairs=[describe_pair(*pair) for pair in sequence_pairs()],
        assignments=[describe_assignment(*lists) for lists in assignment_sets()],
        refused=[refused("ACDEF", "acdef"), refused("AC-DE", "ACDE"), refused("ACDE", "AC DE")],
    )
    write_json(arguments.out / "alignments.json", sections)


if __name__ == "__main__":
    main()
