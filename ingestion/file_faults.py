"""Errors while a file is read, typed and checked that nobody foresaw: the file's own fault, or the platform's.

The file's own reject it, so that the others of its feed land. The platform's are raised, so that the run fails and is
tried again with the file where it was: a full disk says nothing about a file. What is neither known to be of content
nor of the platform counts as the platform's. To wrap a commit in this would be wrong: there, everything is the platform's.
"""

from __future__ import annotations

import csv
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb
import pyarrow as pa
import structlog

from ingestion.adapters.reading import FileRejected, NeedsCarefulReading, NeedsTextReading

log = structlog.get_logger()

_OF_CONTENT = (
    ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, RecursionError,
    csv.Error, struct.error, zlib.error, pa.ArrowException,
    duckdb.DataError, duckdb.IntegrityError, duckdb.NotSupportedError, duckdb.ProgrammingError,
)  # fmt: skip
_OF_PLATFORM = (
    OSError, MemoryError, pa.ArrowCancelled,
    duckdb.CatalogException, duckdb.OperationalError,  # nothing of a file is in the catalog; a spill that has no room
)  # fmt: skip
# An error of a decoder whose rows the engine fetches comes as the engine's, and what it was stands in its text.
_PLATFORM_BEHIND_ENGINE = re.compile(
    r"(Invalid Input Error: )?arrow_scan: get_next failed\(\): (IOError|Out of memory)\b"
)
_SHOWN = 300  # characters


def is_of_file(error: Exception) -> bool:
    """Whether an error while a file is read can only be due to what the file holds."""
    if isinstance(error, _OF_PLATFORM) or not isinstance(error, _OF_CONTENT):
        return False
    return not (isinstance(error, duckdb.Error) and _PLATFORM_BEHIND_ENGINE.match(str(error)))


def told(error: Exception, *, sealed: bool) -> str:
    """An error in a few words; of a sealed file only what kind of error, for parsers quote what they stumble over."""
    if isinstance(error, NeedsCarefulReading | NeedsTextReading):
        return str(error)[:_SHOWN]  # our own words
    kind = type(error).__name__
    return kind if sealed else f"{kind}: {str(error).strip().partition(chr(10))[0]}"[:_SHOWN]


@contextmanager
def rejecting(feed: str, file: str, day: date | None, *, sealed: bool) -> Iterator[None]:
    """Raises FileRejected `unexpected_error` for an error of the file's own, and logs it; all others as they are."""
    try:
        yield
    except FileRejected:
        raise
    except Exception as error:
        if not is_of_file(error):
            raise
        shown = told(error, sealed=sealed)
        log.error("the file could not be read", feed=feed, file=file, date=day and day.isoformat(), error=shown)
        raise FileRejected("unexpected_error", shown) from error
