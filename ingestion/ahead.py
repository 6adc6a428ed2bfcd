"""What is begun of a file before the lake is open: its bytes are taken in, and a large one is scanned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from ingestion.adapters import FileRejected, names_people
from ingestion.adapters.reading import NeedsTextReading
from ingestion.adapters.scanned import ScannedReader
from ingestion.arrivals import believe_name
from ingestion.contracts import Contract
from ingestion.file_faults import is_of_file
from ingestion.receiving import Received, receive
from ingestion.scan import is_for_scanning, scanned_reader
from ingestion.unpacking import clear_file
from lake.home import Home


@dataclass(frozen=True)
class Begun:
    """A file that is being taken in, and who is reading it already, if anybody is."""

    received: Received
    reader: ScannedReader | None = None

    def abandon(self) -> None:
        """Let nobody go on with it, unless it has landed."""
        if self.reader is not None:
            self.reader.stop()
        self.received.forget()


def take_in(home: Home, contract: Contract, now: datetime, source: Path) -> Begun:
    """Begin to take a file in, at the instant `now` (naive UTC). Raises FileRejected for what must not be read."""
    believe_name(contract, now, source.name)
    return Begun(receive(home, contract.feed, source, seals=partial(names_people, contract)))


def begin(home: Home, contract: Contract, now: datetime, source: Path) -> Begun | FileRejected:
    """`take_in`, or what it raised; a file for the scanner is being read from here on."""
    try:
        begun = take_in(home, contract, now, source)
    except FileRejected as problem:
        return problem
    file = clear_file(begun.received)
    try:
        if file is None or not is_for_scanning(contract, file):
            return begun
        reader = scanned_reader(contract, file)
    except Exception as problem:
        # Whoever reads it in its turn meets the same, and says so.
        if not isinstance(problem, FileRejected | NeedsTextReading) and not is_of_file(problem):
            begun.abandon()
            raise
        return begun
    reader.begin()
    return Begun(begun.received, reader)
