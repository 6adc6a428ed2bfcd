"""A copy of an NDJSON file that the quick parser can number: for files whose lines do not say by themselves what they are.

Blank lines are left out, spaces and a byte order mark around a line too, and what surely is no JSON object (a line cut
off, or over the limit) is a mere dash. So no line can take the next one with it. What was wrong with a line is still told
by the file itself.
"""

from __future__ import annotations

from pathlib import Path

from ingestion.adapters.lines import numbered_lines
from ingestion.adapters.reading import NeedsCarefulReading, PlainCopy

_NO_OBJECT = b"-"
_MOST_BLANK = 20_000  # each shifts the numbers of the lines behind it


def plain_copy(file: Path, target: Path) -> PlainCopy:
    """Write the copy, in one pass. Raises NeedsCarefulReading for a file of very many blank lines."""
    blank = []
    with file.open("rb") as source, target.open("wb") as copy:
        for number, line, too_long in numbered_lines(source):
            body = line.strip()
            if not body:
                blank.append(number)
                if len(blank) > _MOST_BLANK:
                    raise NeedsCarefulReading(f"more than {_MOST_BLANK} blank lines")
                continue
            whole = not too_long and body.startswith(b"{") and body.endswith(b"}")
            copy.write((body if whole else _NO_OBJECT) + b"\n")
    return PlainCopy(target, tuple(blank))
