"""The contracts of the feeds: read from ODCS files, and everything landing derives from them.

Contracts live in `data_contracts/`; further folders (another city's feed, a trial) are named in the environment
variable `YUNJIAN_CONTRACTS`, separated like `PATH`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from ingestion.columns import RESERVED, RESERVED_PREFIX, Column, StoredColumn
from ingestion.odcs import BadContract, read_contract

__all__ = ["BadContract", "Column", "Contract", "StoredColumn", "UnknownFeed", "all_contracts", "load_contract"]

CONTRACTS_FOLDER = Path(__file__).parents[1] / "data_contracts"
SUFFIX = ".odcs.yaml"
# What every feed's bronze table has beside its contract's columns: the date a row counts for, and where it came from.
PROVENANCE: Mapping[str, str] = {"business_date": "DATE", "_file_sha256": "VARCHAR", "_line": "BIGINT"}
# append: rows that stand for themselves; snapshot: a register, in effect until its next file; history: states of things as
# known on the file's date, the latest of each standing; reference: a table whose file date is no date of any business.
MODES = ("append", "snapshot", "history", "reference")


class UnknownFeed(KeyError):
    """No contract of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, eq=False)
class Contract:
    """One feed. `business_date_column` is None when the date comes from the file name (registers)."""

    feed: str
    version: str
    columns: tuple[Column, ...]
    mode: Literal["append", "snapshot", "history", "reference"]
    business_date_column: str | None
    formats: tuple[str, ...]
    retention_days: int
    domain: str = ""
    description: str = ""
    longitude: str | None = None
    latitude: str | None = None
    datum_column: str | None = None
    received_column: str | None = None
    require_any: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    ascending: tuple[tuple[str, ...], ...] = ()
    grace_hours: float = 6
    sort: tuple[str, ...] = ()
    gate: Mapping[str, Any] = field(default_factory=dict)
    schedule: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    path: Path = Path()

    @property
    def business_date(self) -> str:
        """The column that dates a row, or `file_name`."""
        return self.business_date_column or "file_name"

    @property
    def has_personal_data(self) -> bool:
        """Whether the received bytes must be sealed: any column that names, or tracks, a person."""
        return any(column.is_personal for column in self.columns)

    @cached_property
    def stored_columns(self) -> tuple[StoredColumn, ...]:
        """The columns of the bronze table (without `PROVENANCE`), after treatment, in contract order."""
        return tuple(stored for column in self.columns if (stored := column.stored))

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Stored names of the key: two rows that agree on it within one business date are duplicates."""
        keyed = sorted((c.key_position, c.stored.name) for c in self.columns if c.key_position and c.stored)
        return tuple(name for _, name in keyed)

    @property
    def sort_order(self) -> tuple[str, ...]:
        """How the rows of one business date lie in a file.

        As `landing.sort` says; else by the key where it holds the time (one terminal's track together), else by the
        time; a register by its key, unless that is a pseudonym, which has no order worth the sorting.
        """
        if self.sort:
            return self.sort
        dated = self.business_date_column
        if dated is not None and dated not in self.key:
            return (dated,)
        keyed = [column for column in self.columns if column.stored and column.stored.name in self.key]
        pseudonyms = all(column.treatment is not None and column.treatment.kind == "hmac" for column in keyed)
        return () if pseudonyms else self.key

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def check(self) -> None:
        """Raises BadContract when the parts do not fit together."""
        names = [column.name for column in self.columns]
        stored = [column.name for column in self.stored_columns]
        for name in (
            self.business_date_column,
            self.longitude,
            self.latitude,
            self.datum_column,
            self.received_column,
            *self.require_any,
            *(name for group in (*self.together, *self.ascending) for name in group),
        ):
            if name is not None and name not in names:
                raise BadContract(f"landing names the column {name}, which the schema does not have")
        for name in (*stored, *(name for column in self.columns for name in (column.name, *column.sources))):
            if name.lower() in RESERVED or name.lower().startswith(RESERVED_PREFIX):
                raise BadContract(f"the column name {name} is taken by landing itself")
        if not self.key:
            raise BadContract("no column is a primary key: duplicates could not be told")
        if len(set(stored) | set(PROVENANCE)) != len(stored) + len(PROVENANCE):
            raise BadContract("two columns would be stored under one name")
        if not set(self.sort) <= set(stored):
            raise BadContract("landing.sort names a column that is not stored")
        if not (any(column.required for column in self.columns) or self.require_any):
            raise BadContract("no column is required: a line of rubbish would pass as a row")
        if self.mode not in MODES or not self.formats:
            raise BadContract(f"landing needs a mode ({', '.join(MODES)}) and the accepted formats")


def contract_folders() -> list[Path]:
    """The folders contracts are read from, the product's own first."""
    further = os.environ.get("YUNJIAN_CONTRACTS", "")
    return [CONTRACTS_FOLDER, *(Path(part) for part in further.split(os.pathsep) if part)]


def all_contracts() -> list[Contract]:
    """Every contract, by feed name. Raises BadContract for a broken file or a feed named twice."""
    found: dict[str, Contract] = {}
    folders = contract_folders()
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            contract = _read(path, folders)
            if contract.feed in found:
                raise BadContract(f"{path}: the feed {contract.feed} already has {found[contract.feed].path}")
            found[contract.feed] = contract
    return [found[feed] for feed in sorted(found)]


def load_contract(feed: str) -> Contract:
    """The contract of a feed. Raises UnknownFeed, and BadContract for a broken file or a feed named twice."""
    named = _named_for(feed)
    if named is not None:
        return named  # a broken contract of another feed is nothing to this one
    contracts = {contract.feed: contract for contract in all_contracts()}
    if feed not in contracts:
        raise UnknownFeed(f"no contract for the feed {feed!r}; there are {', '.join(contracts)}")
    return contracts[feed]


def _named_for(feed: str) -> Contract | None:
    """The contract in the only file that is named for the feed, where that is what it says."""
    folders = contract_folders()
    files = [path for folder in folders for path in folder.glob(f"*{SUFFIX}") if path.name == feed + SUFFIX]
    contract = _read(files[0], folders) if len(files) == 1 else None
    return contract if contract is not None and contract.feed == feed else None


def _read(path: Path, folders: Sequence[Path]) -> Contract:
    return _load(path, path.stat().st_mtime_ns, tuple(folder / "codes" for folder in (path.parent, *folders)))


@cache
def _load(path: Path, _modified_ns: int, code_folders: tuple[Path, ...]) -> Contract:
    return read_contract(path, code_folders)
