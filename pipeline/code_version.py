"""Which rules produced a figure: one hash over the models, the rulebook, the contracts and what finds trips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ingestion.contracts import contract_folders
from pipeline.dbt_run import PROJECT

# Tests and descriptions do not change a figure; profiles.yml says where, not what.
_HAULAGE = PROJECT.parent / "haulage"
_RULES = ("models/**/*.sql", "macros/**/*.sql", "seeds/**/*.csv", "dbt_project.yml")


def code_version() -> str:
    """`<package version>+<12 hex>`; it changes when a model, a macro, a seed, a contract or haulage/ does."""
    digest = hashlib.sha256()
    for base, path in _files():
        digest.update(str(path.relative_to(base)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{_release()}+{digest.hexdigest()[:12]}"


def _files() -> Iterable[tuple[Path, Path]]:
    for pattern in _RULES:
        yield from ((PROJECT, path) for path in sorted(PROJECT.glob(pattern)))
    yield from ((_HAULAGE.parent, path) for path in sorted(_HAULAGE.glob("*.py")))
    for folder in contract_folders():
        yield from ((folder, path) for path in sorted(folder.glob("*.odcs.yaml")))
        yield from ((folder, path) for path in sorted(folder.glob("codes/*.csv")))


def _release() -> str:
    try:
        return version("yunjian")
    except PackageNotFoundError:
        return "0"
