"""What a card's allocator would report about the tensors that are alive on a virtual device."""

import math

from tilefold.ttnn.enums import Arch, BufferType
from tilefold.ttnn.live_tensors import live_tensors
from tilefold.ttnn.sharding import ShardMap
from tilefold.ttnn.shape import round_up

_GIB = 1 << 30

#: Per architecture and buffer type: first usable address, end, alignment; and the number of DRAM banks.
_RANGES = {
    Arch.WORMHOLE_B0: {BufferType.L1: (103712, 1499136, 32), BufferType.DRAM: (1024, _GIB, 64)},
    Arch.BLACKHOLE: {BufferType.L1: (103712, 1572864, 32), BufferType.DRAM: (1024, 4 * _GIB, 64)},
}
DRAM_BANKS = {Arch.WORMHOLE_B0: 12, Arch.BLACKHOLE: 8}


class MemoryView:
    """State of one kind of memory, per bank. `block_table` lists the blocks in order of address, as dictionaries of
    strings: blockID, address, size, prevID, nextID, allocated ("yes" or "no")."""

    def __init__(self, num_banks, base, end, blocks):
        self.num_banks = num_banks
        self.total_bytes_per_bank = end - base
        self.total_bytes_allocated_per_bank = sum(size for _, size in blocks)
        self.total_bytes_free_per_bank = max(0, self.total_bytes_per_bank - self.total_bytes_allocated_per_bank)
        table, position = [], base
        for address, size in blocks:
            if address > position:
                table.append((position, address - position, "no"))
            table.append((address, size, "yes"))
            position = address + size
        if position < end:
            table.append((position, end - position, "no"))
        self.largest_contiguous_bytes_free_per_bank = max((size for _, size, used in table if used == "no"), default=0)
        self.block_table = [
            {
                "blockID": str(number),
                "address": str(address),
                "size": str(size),
                "prevID": str(number - 1) if number else "-1",
                "nextID": str(number + 1) if number + 1 < len(table) else "-1",
                "allocated": used,
            }
            for number, (address, size, used) in enumerate(table)
        ]

    def __repr__(self):
        return (
            f"MemoryView(num_banks={self.num_banks}, total_bytes_per_bank={self.total_bytes_per_bank}, "
            f"total_bytes_allocated_per_bank={self.total_bytes_allocated_per_bank}, "
            f"largest_contiguous_bytes_free_per_bank={self.largest_contiguous_bytes_free_per_bank})"
        )


class DeviceMemory:
    """Finds the live tensors of a device and gives each storage an address in the memory that its config names.

    Everything happens when somebody asks (live_tensors): programs that never ask pay nothing for it. Nothing is refused:
    what does not fit in a card's memory lies past its end.
    """

    def __init__(self, device):
        arch, grid = device.arch(), device.compute_with_storage_grid_size()
        self._device = device
        self._ranges = _RANGES[arch]
        self._banks = {BufferType.L1: grid.x * grid.y, BufferType.DRAM: DRAM_BANKS[arch]}
        self._placed = {BufferType.L1: {}, BufferType.DRAM: {}}

    def _tensors(self):
        from tilefold.ttnn.tensor import Tensor

        return [found for found in live_tensors.all(Tensor) if found._device is self._device]

    def address(self, tensor):
        """The address of an allocated tensor's storage."""
        buffer_type, storage = _kind(tensor), _storage(tensor)
        # What has an address keeps it; only the first question about a storage looks at all tensors.
        known = self._placed[buffer_type].get(storage) or self._refreshed(buffer_type)[storage]
        return known[0]

    def view(self, buffer_type):
        """A MemoryView of DRAM or L1; the other buffer types are part of L1."""
        buffer_type = BufferType.DRAM if buffer_type is BufferType.DRAM else BufferType.L1
        base, end, _ = self._ranges[buffer_type]
        blocks = sorted(self._refreshed(buffer_type).values())
        return MemoryView(self._banks[buffer_type], base, end, blocks)

    def _refreshed(self, buffer_type):
        """Address and bytes per bank of every live storage."""
        alive = {}
        for tensor in self._tensors():
            if tensor.shards is not None and not tensor.shards[0].is_traced and _kind(tensor) is buffer_type:
                alive.setdefault(_storage(tensor), tensor)
        placed = self._placed[buffer_type]
        for gone in placed.keys() - alive.keys():
            del placed[gone]
        for storage in sorted(alive.keys() - placed.keys()):
            size = bank_bytes(alive[storage].spec, self._banks[buffer_type], self._ranges[buffer_type][2])
            placed[storage] = (self._place(placed.values(), size, buffer_type), size)
        return placed

    def _place(self, blocks, size, buffer_type):
        """The first gap that is large enough: DRAM from the bottom, L1 from the top."""
        base, end, _ = self._ranges[buffer_type]
        if buffer_type is BufferType.DRAM:
            position = base
            for address, taken in sorted(blocks):
                if address - position >= size:
                    break
                position = max(position, address + taken)
            return position
        position = end
        inside = sorted((block for block in blocks if block[0] < end), reverse=True)
        for address, taken in inside:
            if position - (address + taken) >= size:
                break
            position = min(position, address)
        if position - size >= base:
            return position - size
        return max((address + taken for address, taken in blocks if address >= end), default=end)


def _kind(tensor):
    return BufferType.DRAM if tensor.memory_config().buffer_type is BufferType.DRAM else BufferType.L1


def _storage(tensor):
    native = tensor.shards[0]
    return native.address, native.nbytes


def bank_bytes(spec, banks, alignment):
    """Bytes that a tensor takes in the fullest bank: pages are dealt to the banks in turn, shards go to their cores."""
    from tilefold.ttnn.tensor_placement import page_bytes, page_count

    page = round_up(page_bytes(spec), alignment)
    config = spec.memory_config
    if not config.is_sharded():
        return -(-page_count(spec) // banks) * page
    shards = ShardMap(config, spec.shape, spec.layout)
    each = page_count(spec) // max(1, math.prod(shards.counts)) * page
    return each * max((len(held) for held in shards.blocks().values()), default=0)
