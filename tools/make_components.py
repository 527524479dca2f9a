"""Writes the component table: all components of the Chemical Component Dictionary, without hydrogens.

The dictionary (CC0) comes from the PyPI wheel biotite, which holds it with ideal coordinates, bonds and stereo as
structure/info/components.bcif. RDKit perceives aromatic bonds and stereo, as in the reference's own component library.
Leaving atoms stay and are marked. The format is described in component_maker/table.py.

usage: make_components.py OUTPUT [--processes N]      needs: biotite==1.6.0 numpy rdkit (component_maker/requirements.txt)
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

from component_maker import table
from component_maker.dictionary import BIOTITE_VERSION, Dictionary
from component_maker.perceive import Dropped, perceive

SECONDS_BETWEEN_MESSAGES = 10
dictionary = None  # read once by the parent process; workers are forked from it


def say(text):
    print(text, file=sys.stderr, flush=True)


def perceive_part(codes):
    """Components of some codes, and (code, note) of what was out of the ordinary."""
    components, notes = [], []
    for code in codes:
        try:
            component = perceive(dictionary.entry(code))
        except Dropped as reason:
            notes.append((code, f"left out: {reason}"))
            continue
        components.append(component)
        notes.extend((code, note) for note in component.notes)
    return components, notes


def perceive_all(codes, processes):
    """Yields components in order, with progress messages."""
    parts = [codes[i : i + table.BLOCK] for i in range(0, len(codes), table.BLOCK)]
    done, told = 0, time.monotonic()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for part, (components, notes) in zip(parts, pool.imap(perceive_part, parts)):
            done += len(part)
            if time.monotonic() - told > SECONDS_BETWEEN_MESSAGES:
                told = time.monotonic()
                say(f"  {done} of {len(codes)} components ({100 * done // len(codes)} %)")
            yield components, notes


def write_table(output, processes):
    global dictionary
    import rdkit

    started = time.monotonic()
    say("Reading the Chemical Component Dictionary")
    dictionary = Dictionary()
    codes, blocks, waiting, notes = [], [], [], []

    def flush(limit):
        while len(waiting) >= limit and waiting:
            blocks.append(table.encode_block(waiting[: table.BLOCK]))
            codes.extend(component.code for component in waiting[: table.BLOCK])
            del waiting[: table.BLOCK]

    for components, part_notes in perceive_all(dictionary.codes(), processes):
        waiting.extend(components)
        notes.extend(part_notes)
        flush(table.BLOCK)
    flush(1)
    source = (f"Chemical Component Dictionary of the wwPDB (CC0), from PyPI biotite {BIOTITE_VERSION}; "
              f"perception by RDKit {rdkit.__version__}; made by tools/make_components.py")
    data = table.encode_table(codes, blocks, source)
    temporary = output.with_name(output.name + f".{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(output)
    for code, note in notes:
        if not note.startswith("valences"):
            say(f"  {code}: {note}")
    say(f"  {sum(note.startswith('valences') for _, note in notes)} components have valences that RDKit finds unusual")
    say(f"{len(codes)} components, {len(data)} bytes, {time.monotonic() - started:.0f} s: {output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    write_table(arguments.output, arguments.processes)


if __name__ == "__main__":
    main()
