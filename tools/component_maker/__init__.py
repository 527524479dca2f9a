"""The parts of tools/make_components.py."""
