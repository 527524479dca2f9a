"""A small matcher for printed IR: patterns in order, as FileCheck does."""

import re


def check(text, *patterns):
    """Each pattern is a string or a compiled regular expression, and is found after the one before it. A pattern that
    starts with "SAME: " is found on the same line, and one with "NOT: " is absent up to the next."""
    position = 0
    absent = []
    for pattern in patterns:
        if isinstance(pattern, str) and pattern.startswith("NOT: "):
            absent.append(pattern[5:])
            continue
        same_line = isinstance(pattern, str) and pattern.startswith("SAME: ")
        expression = (
            pattern if isinstance(pattern, re.Pattern) else re.compile(re.escape(pattern[6 if same_line else 0 :]))
        )
        end = text.find("\n", position) if same_line else -1
        found = expression.search(text, position, len(text) if end < 0 else end)
        assert found, f"not found after position {position}: {pattern}\n{text}"
        for unwanted in absent:
            assert unwanted not in text[position : found.start()], f"unwanted: {unwanted}\n{text}"
        absent = []
        position = found.end()
    for unwanted in absent:
        assert unwanted not in text[position:], f"unwanted: {unwanted}\n{text}"
