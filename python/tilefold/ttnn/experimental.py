"""`ttnn.experimental`."""

from tilefold.ttnn.operations.attention import nlp_concat_heads, nlp_create_qkv_heads
from tilefold.ttnn.operations.matmul import minimal_matmul

__all__ = ["minimal_matmul", "nlp_concat_heads", "nlp_create_qkv_heads"]
