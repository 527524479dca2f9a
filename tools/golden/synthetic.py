"""Synthetic inference features with every token kind, for the module goldens."""

import torch
from torch.nn.functional import one_hot

# (asym, entity, sym, mol_type, cyclic period, atoms of each token). Chains 0 and 1 are copies, chain 2 is
# cyclic, chain 3 is a ligand whose atoms are one token each, chain 4 is DNA.
CHAINS = (
    (0, 0, 0, 0, 0, (5, 8, 4, 11)),
    (1, 0, 1, 0, 0, (5, 8, 4, 11)),
    (2, 1, 0, 0, 3, (9, 6, 7)),
    (3, 2, 0, 3, 0, (1, 1, 1)),
    (4, 3, 0, 1, 0, (4, 3)),
)
PROTEIN, DNA, NONPOLYMER = 0, 1, 3


def make_features(seed, msa_rows=4):
    """Batched feature dict with 16 tokens and 88 atoms padded to 96, as the reference's collate gives."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    def integer(high, *shape):
        return torch.randint(0, high, shape, generator=generator)

    columns = {key: [] for key in ("asym_id", "entity_id", "sym_id", "mol_type", "cyclic_period", "residue_index")}
    atom_token, space_uid, uid = [], [], -1
    for asym, entity, sym, mol_type, period, counts in CHAINS:
        for position, count in enumerate(counts):
            columns["asym_id"].append(asym)
            columns["entity_id"].append(entity)
            columns["sym_id"].append(sym)
            columns["mol_type"].append(mol_type)
            columns["cyclic_period"].append(float(period))
            # All atoms of a ligand share one residue, hence one index and one reference space.
            columns["residue_index"].append(0 if mol_type == NONPOLYMER else position)
            uid += 0 if mol_type == NONPOLYMER and position > 0 else 1
            token = len(columns["asym_id"]) - 1
            atom_token += [token] * count
            space_uid += [uid] * count
    features = {key: torch.tensor(value) for key, value in columns.items()}
    tokens, atoms = len(features["asym_id"]), len(atom_token)
    padded = (atoms + 31) // 32 * 32

    def pad_atoms(value):
        return torch.cat([value, torch.zeros(padded - atoms, *value.shape[1:], dtype=value.dtype)])

    atom_to_token = pad_atoms(one_hot(torch.tensor(atom_token), tokens))
    first_atom = atom_to_token.argmax(dim=0)
    features.update(
        token_index=torch.arange(tokens),
        res_type=one_hot(integer(31, tokens) + 2, 33),
        profile=torch.softmax(normal(tokens, 33), dim=-1),
        deletion_mean=normal(tokens).abs(),
        method_feature=integer(12, 1).expand(tokens).clone(),
        modified=integer(2, tokens),
        token_pad_mask=torch.ones(tokens),
        atom_pad_mask=pad_atoms(torch.ones(atoms)),
        atom_to_token=atom_to_token,
        token_to_rep_atom=one_hot(first_atom, padded),
        ref_pos=pad_atoms(2.0 * normal(atoms, 3)),
        ref_charge=pad_atoms((integer(3, atoms) - 1).float()),
        ref_element=pad_atoms(one_hot(integer(128, atoms), 128)),
        ref_atom_name_chars=pad_atoms(one_hot(integer(64, atoms, 4), 64)),
        ref_space_uid=pad_atoms(torch.tensor(space_uid)),
        msa=integer(33, msa_rows, tokens),
        has_deletion=integer(2, msa_rows, tokens).bool(),
        deletion_value=normal(msa_rows, tokens).abs(),
        msa_paired=integer(2, msa_rows, tokens).float(),
        msa_mask=torch.ones(msa_rows, tokens, dtype=torch.int64),
    )
    bonds = torch.zeros(tokens, tokens, 1)
    types = torch.zeros(tokens, tokens, dtype=torch.int64)
    ligand = [i for i in range(tokens) if features["mol_type"][i] == NONPOLYMER]
    for i, j, kind in ((ligand[0], ligand[1], 2), (ligand[1], ligand[2], 5), (3, ligand[0], 6), (1, 1, 3)):
        bonds[i, j, 0] = bonds[j, i, 0] = 1.0
        types[i, j] = types[j, i] = kind
    features.update(token_bonds=bonds, type_bonds=types)
    features.update(contact_features(tokens, constrained=False))
    # Frames: three atoms of the token where it has them, else the degenerate triple of one atom.
    counts = atom_to_token.sum(dim=0)
    offsets = torch.stack([torch.zeros_like(counts), (counts > 1) * 1, (counts > 2) * 2], dim=-1)
    features["frames_idx"] = (first_atom[:, None] + offsets)[None]
    return {key: value[None] for key, value in features.items()}


def contact_features(tokens, constrained):
    """Unbatched contact features: none, or a pocket and a contact with different distances."""
    classes = torch.zeros(tokens, tokens, dtype=torch.int64)
    threshold = torch.zeros(tokens, tokens)
    if constrained:
        classes[:] = 1
        for i, j, kind, other, distance in ((11, 0, 3, 2, 6.0), (11, 1, 3, 2, 6.0), (2, 9, 4, 4, 12.5)):
            classes[i, j], classes[j, i] = kind, other
            threshold[i, j] = threshold[j, i] = distance
    return dict(contact_conditioning=one_hot(classes, 5), contact_threshold=threshold)


def add_templates(features, seed):
    """Adds two template rows to a batched feature dict: one spans two chains, one a single chain."""
    generator = torch.Generator().manual_seed(seed)
    tokens = features["asym_id"].shape[1]
    asym = features["asym_id"][0]

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    restype = one_hot(torch.randint(0, 33, (2, tokens), generator=generator), 33)
    covered = torch.zeros(2, tokens)
    covered[0, :7] = 1.0
    covered[1, 8:11] = 1.0
    frame, beta = covered.clone(), covered.clone()
    frame[0, 2] = 0.0
    beta[1, 9] = 0.0
    # Uncovered tokens are <pad> and sit at the origin with a zero frame.
    restype = torch.where(covered[..., None] > 0, restype, one_hot(torch.zeros(2, tokens, dtype=torch.int64), 33))
    rotation = torch.linalg.qr(normal(2, tokens, 3, 3)).Q
    visibility = (-1.0 - asym.float()).expand(2, tokens).clone()
    visibility[0, asym <= 1] = 0.0
    visibility[1, asym == 2] = 1.0
    rows = dict(
        template_restype=restype,
        template_frame_rot=rotation * frame[..., None, None],
        template_frame_t=8.0 * normal(2, tokens, 3) * frame[..., None],
        template_cb=12.0 * normal(2, tokens, 3) * beta[..., None],
        template_ca=8.0 * normal(2, tokens, 3) * covered[..., None],
        template_mask_cb=beta,
        template_mask_frame=frame,
        template_mask=covered,
        visibility_ids=visibility,
    )
    features.update({key: value[None] for key, value in rows.items()})


def add_dummy_template(features):
    """Adds the all-zero template row that the featurizer makes when no template is given."""
    tokens = features["asym_id"].shape[1]
    shapes = dict(
        template_frame_rot=(3, 3),
        template_frame_t=(3,),
        template_cb=(3,),
        template_ca=(3,),
        template_mask_cb=(),
        template_mask_frame=(),
        template_mask=(),
        visibility_ids=(),
    )
    features.update({key: torch.zeros(1, 1, tokens, *shape) for key, shape in shapes.items()})
    features["template_restype"] = one_hot(torch.zeros(1, 1, tokens, dtype=torch.int64), 33)
