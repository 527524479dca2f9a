"""Compiled modules against the reference's classes (PyPI boltz) with re-drawn weights."""

import json

import pytest
import torch
from boltz.model.layers.pairformer import PairformerModule as ReferencePairformer
from boltz.model.layers.pairformer import PairformerNoSeqModule as ReferencePairStack
from boltz.model.modules.diffusionv2 import DiffusionModule as ReferenceDiffusion
from boltz.model.modules.trunkv2 import MSAModule as ReferenceMsa
from support.boltz_reference import diffusion_inputs, msa_features, pair_inputs, redrawn, relative_error

import tilefold.torch as compiled
from tilefold import _native, errors

TOKEN_S, TOKEN_Z = 16, 12
PAIRFORMER = dict(num_blocks=2, num_heads=4, pairwise_head_width=8, pairwise_num_heads=3)
PAIR_STACK = dict(num_blocks=1, pairwise_head_width=8, pairwise_num_heads=3)
MSA = dict(
    msa_s=10,
    token_z=TOKEN_Z,
    token_s=TOKEN_S,
    msa_blocks=1,
    msa_dropout=0.15,
    z_dropout=0.25,
    pairwise_head_width=8,
    pairwise_num_heads=3,
)
DIFFUSION = dict(
    token_s=TOKEN_S,
    atom_s=12,
    dim_fourier=18,
    atom_encoder_depth=1,
    atom_encoder_heads=2,
    token_transformer_depth=2,
    token_transformer_heads=4,
    atom_decoder_depth=1,
    atom_decoder_heads=3,
    conditioning_transition_layers=1,
)

FULL_BOUND = 1e-5
# Both the mixed programs and the reference under autocast round the operands of the same products to bfloat16; the
# reference also rounds the results. So the reference's own distance from its float32 results bounds ours, but for the
# scatter of two sums of independent rounding errors.
AUTOCAST_SHARE = 1.25


@pytest.fixture(autouse=True)
def inference():
    with torch.no_grad():
        yield


def run_both(reference, module, *arguments, **keywords):
    """Results of both and whether they drew the same random numbers."""
    torch.manual_seed(5)
    expected = reference(*arguments, **keywords)
    state = torch.get_rng_state()
    torch.manual_seed(5)
    found = module(*arguments, **keywords)
    assert torch.equal(torch.get_rng_state(), state), "other random numbers were drawn than the reference draws"
    return expected, found


def bounds_of(precision, reference, expected, *arguments):
    """The largest relative error allowed for each result of the reference called with `arguments`."""
    expected = expected if isinstance(expected, tuple) else (expected,)
    if precision == "fp32":
        return [FULL_BOUND] * len(expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = reference(*arguments)
    rounded = rounded if isinstance(rounded, tuple) else (rounded,)
    return [AUTOCAST_SHARE * relative_error(b.float(), a) for a, b in zip(expected, rounded)]


@pytest.fixture(scope="module")
def pairformer():
    return redrawn(ReferencePairformer(TOKEN_S, TOKEN_Z, v2=True, **PAIRFORMER))


@pytest.fixture(scope="module")
def pair_stack():
    return redrawn(ReferencePairStack(TOKEN_Z, **PAIR_STACK))


@pytest.fixture(scope="module")
def diffusion():
    return redrawn(ReferenceDiffusion(**DIFFUSION))


@pytest.mark.parametrize("precision", ["fp32", "mixed"])
def test_pairformer(pairformer, precision):
    module = compiled.PairformerModule.from_reference(pairformer, precision)
    for batch, tokens in ((2, 13), (1, 21)):
        inputs = pair_inputs(batch, tokens, TOKEN_S, TOKEN_Z, seed=tokens)
        expected, found = run_both(pairformer, module, *inputs, use_kernels=False)
        bounds = bounds_of(precision, pairformer, expected, *inputs)
        assert relative_error(found[0], expected[0]) < bounds[0]
        assert relative_error(found[1], expected[1]) < bounds[1]


def test_mixed_differs_from_fp32_and_pair_mask_matters(pairformer):
    s, z, mask, pair_mask = pair_inputs(1, 13, TOKEN_S, TOKEN_Z)
    full = compiled.PairformerModule.from_reference(pairformer, "fp32")
    mixed = compiled.PairformerModule.from_reference(pairformer, "mixed")
    exact = full(s, z, mask, pair_mask)[1]
    assert relative_error(mixed(s, z, mask, pair_mask)[1], exact) > 1e-5
    assert relative_error(full(s, z, mask, torch.ones_like(pair_mask))[1], exact) > 1e-3
    assert relative_error(full(s, z, torch.ones_like(mask), pair_mask)[0], full(s, z, mask, pair_mask)[0]) > 1e-3


def test_pairformer_with_post_layer_norm_loads_by_name():
    reference = redrawn(ReferencePairformer(TOKEN_S, TOKEN_Z, v2=True, post_layer_norm=True, **PAIRFORMER))
    module = compiled.PairformerModule(TOKEN_S, TOKEN_Z, v2=True, post_layer_norm=True, precision="fp32", **PAIRFORMER)
    module.load_state_dict(reference.state_dict())
    inputs = pair_inputs(1, 13, TOKEN_S, TOKEN_Z)
    expected, found = run_both(reference, module, *inputs)
    assert relative_error(found[0], expected[0]) < FULL_BOUND
    assert relative_error(found[1], expected[1]) < FULL_BOUND


@pytest.mark.parametrize("precision", ["fp32", "mixed"])
def test_pairformer_without_sequence(pair_stack, precision):
    module = compiled.PairformerNoSeqModule(TOKEN_Z, precision=precision, **PAIR_STACK)
    module.load_state_dict(pair_stack.state_dict())
    _, z, _, pair_mask = pair_inputs(2, 15, TOKEN_S, TOKEN_Z)
    expected, found = run_both(pair_stack, module, z, pair_mask)
    assert relative_error(found, expected) < bounds_of(precision, pair_stack, expected, z, pair_mask)[0]


@pytest.mark.parametrize("precision", ["fp32", "mixed"])
@pytest.mark.parametrize("paired, subsample", [(True, False), (False, True)])
def test_msa_module(precision, paired, subsample):
    options = dict(MSA, use_paired_feature=paired, subsample_msa=subsample, num_subsampled_msa=4)
    reference = redrawn(ReferenceMsa(**options))
    module = compiled.MSAModule(precision=precision, **options)
    module.load_state_dict(reference.state_dict())
    _, z, _, _ = pair_inputs(2, 13, TOKEN_S, TOKEN_Z)
    emb = torch.randn(2, 13, TOKEN_S, generator=torch.Generator().manual_seed(9))
    feats = msa_features(2, 7, 13)
    expected, found = run_both(reference, module, z, emb, feats)
    if precision == "fp32":
        assert relative_error(found, expected) < FULL_BOUND
        return
    # In the row of a masked token the reference adds -1e6 to every logit of the averaging, which rounds them to
    # sixteenths: the smallest difference flips that, so only pairs of real tokens can be compared.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.manual_seed(5)
        rounded = reference(z, emb, feats).float()
    real = feats["token_pad_mask"][:, :, None] * feats["token_pad_mask"][:, None, :] > 0
    bound = AUTOCAST_SHARE * relative_error(rounded[real], expected[real])
    assert relative_error(found[real], expected[real]) < bound


def test_diffusion_module(diffusion):
    """float32 in every precision; several noise levels, batch of 2, padding atoms and tokens."""
    module = compiled.DiffusionModule(precision="mixed", **DIFFUSION)
    module.load_state_dict(diffusion.state_dict())
    inputs = diffusion_inputs(diffusion, batch=2, tokens=11, atoms=64, samples=2)
    for equal_levels in (False, True):
        if equal_levels:
            inputs["times"] = torch.full_like(inputs["times"], 0.7)
        expected, found = run_both(diffusion, module, **inputs)
        real = inputs["feats"]["atom_pad_mask"].repeat_interleave(2, 0).bool()
        assert relative_error(found[real], expected[real]) < FULL_BOUND


def test_diffusion_conditioning_is_kept_and_renewed(diffusion):
    module = compiled.DiffusionModule.from_reference(diffusion)
    inputs = diffusion_inputs(diffusion, batch=1, tokens=11, atoms=64, samples=1)
    first = module(**inputs)
    kept = module._conditioned
    assert torch.equal(module(**inputs), first) and module._conditioned is kept
    inputs["s_trunk"].mul_(1.5)
    expected, found = run_both(diffusion, module, **inputs)
    assert module._conditioned is not kept
    assert relative_error(found[:, :59], expected[:, :59]) < FULL_BOUND
    del inputs
    assert module._conditioned == [], "conditioning must go with the tensors it was made from"


def test_changed_weights_are_noticed(pair_stack):
    reference = redrawn(ReferencePairStack(TOKEN_Z, **PAIR_STACK))
    module = compiled.PairformerNoSeqModule.from_reference(reference, "fp32")
    _, z, _, pair_mask = pair_inputs(1, 15, TOKEN_S, TOKEN_Z)
    before = module(z, pair_mask)
    reference.layers[0].transition_z.fc3.weight.mul_(3)
    expected, found = run_both(reference, module, z, pair_mask)
    assert relative_error(before, expected) > 1e-2
    assert relative_error(found, expected) < FULL_BOUND
    module.load_state_dict(pair_stack.state_dict())
    assert relative_error(module(z, pair_mask), pair_stack(z, pair_mask)) < FULL_BOUND


def test_other_dtypes_and_strides(pair_stack):
    """bfloat16 input, boolean mask and a transposed view give what their float32 copies give."""
    module = compiled.PairformerNoSeqModule.from_reference(pair_stack, "fp32")
    _, z, _, pair_mask = pair_inputs(1, 15, TOKEN_S, TOKEN_Z)
    z = z.to(torch.bfloat16).transpose(1, 2)
    assert torch.equal(module(z, pair_mask.bool()), module(z.float().contiguous(), pair_mask))


def test_state_dict_has_the_names_of_the_reference(pairformer, diffusion):
    for reference, module in (
        (pairformer, compiled.PairformerModule(TOKEN_S, TOKEN_Z, **PAIRFORMER)),
        (diffusion, compiled.DiffusionModule(**DIFFUSION)),
        (redrawn(ReferenceMsa(**MSA)), compiled.MSAModule(**MSA)),
    ):
        expected = {name: value.shape for name, value in reference.state_dict().items()}
        assert {name: value.shape for name, value in module.state_dict().items()} == expected
        shared = type(module).from_reference(reference)
        assert {name: value.data_ptr() for name, value in shared.state_dict().items()} == {
            name: value.data_ptr() for name, value in reference.state_dict().items()
        }


def test_a_checkpoint_holds_the_parameters_of_its_modules():
    hyper_parameters = {
        "atom_s": DIFFUSION["atom_s"],
        "atom_z": 4,
        "token_s": TOKEN_S,
        "token_z": TOKEN_Z,
        "num_bins": 8,
        "atom_feature_dim": 388,
        "embedder_args": {"atom_encoder_depth": 1, "atom_encoder_heads": 2},
        "msa_args": MSA,
        "pairformer_args": PAIRFORMER,
        "score_model_args": DIFFUSION,
        "confidence_prediction": False,
    }
    expected = _native.expected_parameters(json.dumps(hyper_parameters))
    references = {
        "msa_module": ReferenceMsa(**MSA),
        "pairformer_module": ReferencePairformer(TOKEN_S, TOKEN_Z, v2=True, **PAIRFORMER),
        "structure_module.score_model": ReferenceDiffusion(**DIFFUSION),
    }
    for prefix, reference in references.items():
        found = {name[len(prefix) + 1 :]: shape for name, shape in expected.items() if name.startswith(prefix + ".")}
        aliases = {_native.alias_of_parameter(name): shape for name, shape in found.items()}
        found |= {alias: shape for alias, shape in aliases.items() if alias is not None}
        assert found == {name: tuple(value.shape) for name, value in reference.state_dict().items()}
    with pytest.raises(errors.WeightError, match="lacks the hyper-parameter 'atom_s'"):
        _native.expected_parameters("{}")


def test_weights_that_do_not_fit_are_listed(pair_stack):
    module = compiled.PairformerNoSeqModule(TOKEN_Z, **PAIR_STACK)
    state = dict(pair_stack.state_dict())
    state["layers.0.tri_mul_out.extra.weight"] = state.pop("layers.0.tri_mul_out.p_in.weight")
    state["layers.0.transition_z.fc1.weight"] = torch.zeros(3, 4)
    with pytest.raises(errors.WeightError) as caught:
        module.load_state_dict(state)
    message = str(caught.value)
    assert "missing: layers.0.tri_mul_out.p_in.weight" in message
    assert "unexpected: layers.0.tri_mul_out.extra.weight" in message
    assert "layers.0.transition_z.fc1.weight (3, 4) instead of (48, 12)" in message


def test_calls_that_are_refused(pairformer, pair_stack, diffusion):
    module = compiled.PairformerModule.from_reference(pairformer, "fp32")
    s, z, mask, pair_mask = pair_inputs(1, 13, TOKEN_S, TOKEN_Z)
    with pytest.raises(errors.TypeError, match=r"s must have shape \(1, 13, 16\), found \(1, 13, 15\)"):
        module(s[..., :15], z, mask, pair_mask)
    with pytest.raises(errors.TypeError, match=r"z must have shape \(1, 13, 13, 12\), found \(1, 13, 12, 12\)"):
        module(s, z[:, :, :12], mask, pair_mask)
    with pytest.raises(errors.TypeError, match=r"pair_mask must have shape \(1, 13, 13\), found \(1, 13\)"):
        module(s, z, mask, mask)
    with pytest.raises(errors.TypeError, match="mask must be a torch.Tensor, found NoneType"):
        module(s, z, None, pair_mask)
    with pytest.raises(errors.TypeError, match="z must be on the CPU, found meta"):
        module(s, z.to("meta"), mask, pair_mask)
    with torch.enable_grad(), pytest.raises(errors.UnsupportedError, match="no gradients, and z asks for them"):
        module(s, z.clone().requires_grad_(), mask, pair_mask)
    trained = compiled.PairformerNoSeqModule(TOKEN_Z, **PAIR_STACK).train()
    with pytest.raises(errors.UnsupportedError, match=r"inference only; call \.eval\(\) first"):
        trained(z, pair_mask)
    with pytest.raises(errors.ValueError, match="precision must be one of 'mixed', 'fp32', found 'bf16'"):
        compiled.PairformerNoSeqModule(TOKEN_Z, precision="bf16", **PAIR_STACK)
    with pytest.raises(errors.UnsupportedError, match="v2=False"):
        compiled.PairformerModule(TOKEN_S, TOKEN_Z, v2=False, **PAIRFORMER)
    with pytest.raises(errors.UnsupportedError, match="transformer_post_ln"):
        compiled.DiffusionModule.from_reference(ReferenceDiffusion(**DIFFUSION, transformer_post_ln=True))


def test_features_that_are_refused(diffusion):
    msa = compiled.MSAModule(**MSA)
    _, z, _, _ = pair_inputs(1, 13, TOKEN_S, TOKEN_Z)
    feats = msa_features(1, 7, 13)
    emb = torch.zeros(1, 13, TOKEN_S)
    with pytest.raises(errors.ValueError, match="feats lacks msa_paired"):
        msa(z, emb, {name: value for name, value in feats.items() if name != "msa_paired"})
    with pytest.raises(errors.ValueError, match="residue types 0 to 32, found 0 to 40"):
        msa(z, emb, {**feats, "msa": torch.tensor([0, 40]).repeat(46)[:91].reshape(1, 7, 13)})
    network = compiled.DiffusionModule.from_reference(diffusion)
    inputs = diffusion_inputs(diffusion, batch=1, tokens=11, atoms=64, samples=1)
    inputs["feats"]["atom_to_token"][0, 3] = 0.5
    with pytest.raises(errors.ValueError, match="one-hot or zero rows"):
        network(**inputs)
    del inputs["diffusion_conditioning"]["token_trans_bias"]
    with pytest.raises(errors.ValueError, match="diffusion_conditioning lacks token_trans_bias"):
        network(**inputs)
