"""Address ranges that a program may use, and memory statistics."""

from tilefold.ttnn.device import get_memory_view
from tilefold.ttnn.enums import BufferType, Layout
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG, flattened
from tilefold.ttnn.operations.creation import empty
from tilefold.ttnn.shape import TILE_SIZE
from tilefold.ttnn.tensor import TILE_BYTES

L1_ALIGNMENT = 32
DRAM_ALIGNMENT = 64


def _round_down(value, alignment):
    return value // alignment * alignment


def _blocks(view):
    """(address, size, allocated) of the blocks of a memory view."""
    return [(int(block["address"]), int(block["size"]), block["allocated"] == "yes") for block in view.block_table]


def output_bytes(output_type):
    """Bytes of a result: of one core's shard where it is sharded, else of all its tiles."""
    config = _placement(output_type)
    tile = TILE_BYTES[output_type.dtype]
    if config.shard_spec is not None:
        height, width = config.shard_spec.shape
        return -(-height // TILE_SIZE) * -(-width // TILE_SIZE) * tile
    rows, columns = flattened(tuple(output_type.shape), Layout.TILE)
    return max(rows // TILE_SIZE, 1) * max(columns // TILE_SIZE, 1) * tile


def _placement(output_type):
    return DRAM_MEMORY_CONFIG if output_type.encoding is None else output_type.encoding.memory_config


class MemoryAnalyzer:
    """Ranges as (start, end): free L1 below all that is allocated, the largest free block of DRAM, and where a result
    of `output_type` would be put."""

    def __init__(self, device, output_type, perform_memory_analysis=True):
        self.device = device
        self.enabled = bool(perform_memory_analysis)
        self._l1_addr_range = self._dram_addr_range = self._output_addr_range = (0, 0)
        if not self.enabled:
            return
        self._l1_addr_range = self._free_l1()
        self._dram_addr_range = self._free_dram()
        result = empty(
            list(output_type.shape),
            dtype=output_type.dtype,
            layout=Layout.TILE,
            device=device,
            memory_config=_placement(output_type),
        )
        start = result.buffer_address()
        self._output_addr_range = (start, start + output_bytes(output_type))

    def _free_l1(self):
        blocks = _blocks(get_memory_view(self.device, BufferType.L1))
        taken = [address for address, _, allocated in blocks if allocated]
        end = min(taken) if taken else blocks[-1][0] + blocks[-1][1]
        return blocks[0][0], _round_down(end, L1_ALIGNMENT)

    def _free_dram(self):
        blocks = _blocks(get_memory_view(self.device, BufferType.DRAM))
        free = [(size, address) for address, size, allocated in blocks if not allocated]
        if not free:
            return (0, 0)
        size, address = max(free)
        return address, _round_down(address + size, DRAM_ALIGNMENT)

    def _text(self, option, addresses):
        if not self.enabled or addresses[0] >= addresses[1]:
            return ""
        return f" {option}={addresses[0]},{addresses[1]}"

    def get_l1_range_str(self):
        """The option that says which L1 addresses are free."""
        return self._text("available-l1-addr-range", self._l1_addr_range)

    def get_dram_range_str(self):
        """The option that says which DRAM addresses are free."""
        return self._text("not-implemented-dram-addr-range", self._dram_addr_range)

    def get_output_range_str(self):
        """The option that says where the result would be put."""
        return self._text("not-implemented-preallocated-output-tensor-addr-range", self._output_addr_range)

    def print_stats(self):
        """Prints the memory views."""
        for name, buffer_type in (("L1", BufferType.L1), ("DRAM", BufferType.DRAM)):
            view = get_memory_view(self.device, buffer_type)
            print(f"[{name}] Memory View:")
            for field in (
                "num_banks",
                "total_bytes_per_bank",
                "total_bytes_allocated_per_bank",
                "total_bytes_free_per_bank",
                "largest_contiguous_bytes_free_per_bank",
            ):
                print(f"  {field}: {getattr(view, field)}")
