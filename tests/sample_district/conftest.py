"""One tiny run that the tests of this room read, and the means to read it without the generator's own code."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from sample_district.__main__ import main
from tests.made_once import made_once

START, DAYS, SEED = date(2026, 11, 16), 4, 11


@dataclass
class Run:
    """A finished run: its folder and its answer key."""

    out: Path

    def key(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "answer_key" / f"{name}.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def files(self) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = self.key("accounting")["files"]
        return files

    @cached_property
    def faults(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = self.key("faults")["faults"]
        return faults

    @cached_property
    def days(self) -> dict[str, Any]:
        days: dict[str, Any] = self.key("kpis")["days"]
        return days

    def lines(self, entry: dict[str, Any]) -> list[bytes]:
        """Physical lines of a text file of the run, header included."""
        path = self.out / entry["feed"] / entry["file"]
        opened = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
        with opened as stream:
            return stream.read().splitlines()

    def sheet(self, entry: dict[str, Any]) -> pl.DataFrame:
        """The first sheet of a workbook of the run, every cell a text, an empty one null."""
        book = CalamineWorkbook.from_path(str(self.out / entry["feed"] / entry["file"]))
        header, *rows = book.get_sheet_by_index(0).to_python()
        texts = [[None if cell == "" else str(cell) for cell in row] for row in rows]
        return pl.DataFrame(texts, schema=dict.fromkeys(map(str, header), pl.String), orient="row")

    def landed(self, feed: str, *formats: str) -> Iterator[dict[str, Any]]:
        for entry in self.files:
            if entry["feed"] == feed and entry["status"] == "landed" and (not formats or entry["format"] in formats):
                yield entry

    def refused_lines(self, entry: dict[str, Any]) -> set[int]:
        """Line numbers that must not be accepted, from 1: refused ones and repetitions."""
        return {
            number
            for fault in self.faults
            if fault["file"] == entry["file"] and fault["verdict"] in ("quarantined", "duplicate")
            for number in fault.get("lines", [])
        }


def make_run(out: Path, *, seed: int = SEED, days: int = DAYS, scale: str = "tiny") -> Run:
    arguments = ["--out", out, "--start", START, "--days", days, "--seed", seed, "--scale", scale, "--quiet"]
    assert main([str(argument) for argument in arguments]) == 0
    return Run(out)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made_once(tmp_path_factory, "sample-run", lambda place: make_run(place / "out"))
