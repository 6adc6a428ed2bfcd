"""What every reader of a file offers to landing, and what an adapter is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, runtime_checkable

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.adapters.line_ends import LineEnds, line_ends
from ingestion.rules import SourceShape

LINE_LIMIT = 4 * 1024 * 1024  # bytes; a longer line is refused as `line_too_long`
RAW_LIMIT = 64 * 1024  # characters of raw content kept with a refused row; the file itself is in landing


class FileRejected(Exception):
    """The whole file cannot be taken; `reason` is the code that the report, the manifest and the lake show."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


class Reading(IntEnum):
    """How a file is read: the quickest way first, the next when it cannot be exact for this file."""

    SCANNED = 0  # large files of lines, by the compiled scanner
    TYPED = 1  # numbers taken as numbers, where the first lines have nothing else
    TEXT = 2  # every value as text, which shows what was written
    CAREFUL = 3  # line by line


class NeedsTextReading(Exception):
    """Too much in this file is not spelt as this way of reading expects: read it again by the next."""


class NeedsCarefulReading(Exception):
    """The fast reader cannot number this file's lines exactly: read it again line by line."""


@dataclass(frozen=True)
class PlainCopy:
    """What a parser is given in place of a file, without the file's blank lines (`blank`, ascending)."""

    path: Path
    blank: Sequence[int]


@dataclass(frozen=True)
class ClearFile:
    """A received file as it can be parsed: uncompressed, unsealed, on disk."""

    path: Path
    name: str  # as received, without .gz
    size: int
    head: bytes  # the first 64 KiB
    received_at: datetime | None = None
    plain: PlainCopy | None = None

    @property
    def lines(self) -> int:
        """Physical lines; a last one without an end counts."""
        return self._line_ends.lines

    @property
    def ends(self) -> Sequence[int]:
        """The line ends before each block, by which lines are found again."""
        return self._line_ends.before

    @cached_property
    def _line_ends(self) -> LineEnds:
        return line_ends(self.path)  # once for a file of which anybody asks: the scanner does not


@dataclass(frozen=True)
class Refusal:
    """A line that the reader itself refused: it never became a row."""

    line: int
    rule: str
    reason: str
    raw: str


class RawLine(NamedTuple):
    """A refused row's line as it stands in the file; `reason` when only the reader can tell what is wrong with it."""

    line: int
    text: str
    reason: str | None = None


@dataclass(frozen=True)
class LineNumbers:
    """How rows in reading order map to lines: row 0 is `first`; from each row in `shifts` on, `shift` lines more."""

    first: int = 1
    shifts: Sequence[tuple[int, int]] = ()  # (first row, lines skipped before it in all)
    refusals: Sequence[Refusal] = field(default_factory=tuple)

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The lines of some rows."""
        skipped = np.array([0, *(shift for _, shift in self.shifts)], dtype=np.int64)
        return self.first + rows + skipped[np.searchsorted([row for row, _ in self.shifts], rows, side="right")]


class Reader(Protocol):
    """One open file. `relation` is read once, in file order."""

    format: str
    shape: SourceShape
    relation: str
    extra_columns: Sequence[str]

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:
        """After `rows` rows were read. Raises NeedsCarefulReading when they cannot be numbered."""
        ...

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        """The raw content of some lines (ascending, each once), where it can be had."""
        ...


@runtime_checkable
class Doubting(Protocol):
    """A reader whose parser may not tell the whole truth of some lines, and that can look at them again.

    `typed` are the source columns whose numbers were taken as numbers. There NULL may have been a word, and 0 and 1
    may have been false and true.
    """

    typed: Sequence[str]

    def misread(self, blank: Sequence[int], doubtful: Sequence[int]) -> Iterator[tuple[int, Mapping[str, str | None]]]:
        """Of the lines that came without any value (`blank`) and of those with a doubtful number (both ascending) the
        ones that say something else, with the text of every source column as reading line by line gives it."""
        ...


@runtime_checkable
class Adapter(Protocol):
    """Something that recognises a format by a file's content first, then by its name."""

    @property
    def format(self) -> str: ...

    def recognises(self, name: str, head: bytes) -> bool: ...


@runtime_checkable
class Decoder(Adapter, Protocol):
    """An adapter that turns a stream into batches of typed columns.

    A batch has `line` BIGINT (1-based), the columns of `schema`, and `refused_rule`, `refused_field`,
    `refused_reason`, `raw` (all NULL for a good row), or all five as CARRIED_COLUMNS. Times without zone are UTC.
    """

    schema: pa.Schema

    def decode(self, stream: BinaryIO, *, received_at: datetime | None) -> Iterator[pa.RecordBatch]: ...


DECODER_COLUMNS = ("line", "refused_rule", "refused_field", "refused_reason", "raw")
# The same where the other columns are the source's own, which may well be called `line` (ingestion/columns.py, RESERVED).
CARRIED_COLUMNS = tuple(f"_{name}" for name in DECODER_COLUMNS)
