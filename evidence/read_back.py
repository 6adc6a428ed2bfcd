"""Whether the received frames, decoded again, say what the lake says of each fix."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime

from evidence.received_lines import ReceivedFile
from evidence.track import Fix


def disagreeing(files: Iterable[ReceivedFile], fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes of JT/T 808 captures whose own line, decoded once more, does not give their instant, place and speed."""
    from ingestion.jtt808.decoder import decode_capture  # compiled: costs most of a second

    said: set[tuple[str, int, datetime, float, float, float | None]] = set()
    captures = {file.sha256: file for file in files if file.format == "jtt808"}
    for file in captures.values():
        numbers = list(file.lines)
        text = "".join(f"{file.lines[number]}\n" for number in numbers)
        for batch in decode_capture(io.BytesIO(text.encode("utf-8", "backslashreplace")), threads=1):
            for row in batch.select(["line", "reported_at", "longitude", "latitude", "speed_kmh"]).to_pylist():
                at = row["reported_at"]
                if at is not None:
                    at = at.astimezone(UTC).replace(tzinfo=None)
                    place = row["longitude"], row["latitude"], row["speed_kmh"]
                    said.add((file.sha256, numbers[row["line"] - 1], at, *place))
    return [
        fix
        for fix in fixes
        if fix.sha256 in captures
        and captures[fix.sha256].lines
        and (fix.sha256, fix.line, fix.reported_at, fix.longitude, fix.latitude, fix.speed_kmh) not in said
    ]
