"""Great Expectations for one feed: declared limits judged on the one-row profile of a batch, and the pages that show it.

The context is made once a landing run, and the pages are written when documentation is brought up to date: made for every
file, or run, they would cost more than landing a small one does. Results and pages of the newest batches alone are kept, so
that the thousandth day costs as little as the first; every verdict stays in bronze (`batch_gates`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from lake.home import Home

log = structlog.get_logger()

Consequence = Literal["stop", "warn"]
KEPT_PAGES = 60  # batches of a feed
_RESULTS = Path("gx", "uncommitted", "validations")
_SITE = Path("gx", "uncommitted", "data_docs", "local_site")


@dataclass(frozen=True)
class Limit:
    """One declared expectation: a number of the profile must lie between `minimum` and `maximum`."""

    name: str  # as in the profile's row, e.g. `refused_share` or `null_share.confidence`
    consequence: Consequence
    minimum: float | None = None
    maximum: float | None = None

    @property
    def expectation(self) -> str:
        bounds = f">= {self.minimum:g}" if self.maximum is None else f"<= {self.maximum:g}"
        return f"{self.name} {bounds}"


class Expectations:
    """The suite of a feed. Nothing is imported or written before the first batch."""

    def __init__(self, home: Home, feed: str, declared: Sequence[Limit]) -> None:
        self._folder = home.data_docs / feed
        self._feed = feed
        self.declared = tuple(declared)
        self._context: Any = None
        self._checkpoint: Any = None

    @property
    def is_imported(self) -> bool:
        """Whether a verdict is a matter of tenths of a second; the first of a process takes seconds to import."""
        return "great_expectations" in sys.modules

    def judge(self, row: Mapping[str, float], file_sha256: str) -> list[bool]:
        """Whether each declared limit holds for a batch's profile row, in their order."""
        with _alone(self._folder):
            try:
                return self._judge(row, file_sha256)
            except Exception as problem:  # of any kind: a killed process may have left a file half written
                if not (self._folder / "gx").exists():
                    raise
                log.warning("expectations made anew", feed=self._feed, problem=str(problem)[:300])
                _forget_all_but_results(self._folder)
                self._context = None
                return self._judge(row, file_sha256)

    def _judge(self, row: Mapping[str, float], file_sha256: str) -> list[bool]:
        if self._context is None:
            self._open()
        import great_expectations as gx
        import pandas as pd

        outcome = self._checkpoint.run(
            batch_parameters={"dataframe": pd.DataFrame([dict(row)])},
            # Names a folder, so never the file's own name; and not digits alone, which would be parsed as a date.
            run_id=gx.RunIdentifier(run_name=f"file-{file_sha256[:16]}"),
        )
        (judged,) = outcome.run_results
        return [bool(result.success) for result in outcome.run_results[judged].results]

    def prune(self) -> None:
        """Forget the results and pages of all but the newest batches."""
        if self._context is None:
            return
        results = self._folder / _RESULTS / self._feed
        for old in _newest_first(results)[KEPT_PAGES:]:
            shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(self._folder / _SITE / "validations" / self._feed / old.name, ignore_errors=True)

    def _open(self) -> None:
        # Great Expectations takes seconds to import and phones home unless told not to: so here, and only when needed.
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        import great_expectations as gx
        from great_expectations import expectations as gxe

        context = gx.get_context(mode="file", project_root_dir=self._folder)
        context.variables.progress_bars = {"globally": False}
        # Variables nobody has: where there is a file of them, it is parsed again for every look at a setting.
        (self._folder / "gx" / "uncommitted" / "config_variables.yml").unlink(missing_ok=True)
        batches = (
            context.data_sources.add_or_update_pandas("batches")
            .add_dataframe_asset(self._feed)
            .add_batch_definition_whole_dataframe(self._feed)
        )
        suite = context.suites.add_or_update(gx.ExpectationSuite(name=self._feed))
        for limit in self.declared:
            # Of the one row the greatest value is the value: its page shows it, and it is half the work of judging rows.
            suite.add_expectation(
                gxe.ExpectColumnMaxToBeBetween(
                    column=limit.name,
                    min_value=limit.minimum,
                    max_value=limit.maximum,
                    meta={"consequence": limit.consequence},
                )
            )
        definition = context.validation_definitions.add_or_update(
            gx.ValidationDefinition(name=self._feed, data=batches, suite=suite)
        )
        self._checkpoint = context.checkpoints.add_or_update(
            gx.Checkpoint(name=self._feed, validation_definitions=[definition], actions=[], result_format="SUMMARY")
        )
        self._context = context


def write_pages(home: Home, feed: str) -> None:
    """Bring Data Docs below `home.data_docs/<feed>` up to the batches judged so far.

    Pages that cannot be written are told, and stop nothing: the verdicts are in the lake.
    """
    folder = home.data_docs / feed
    results = {path.relative_to(folder / _RESULTS) for path in (folder / _RESULTS).rglob("*.json")}
    missing = {path for path in results if not (folder / _SITE / "validations" / path).with_suffix(".html").is_file()}
    if missing:
        with _alone(folder):
            _write_missing(folder, feed, {path for path in missing if _is_whole(folder / _RESULTS / path)})


def _write_missing(folder: Path, feed: str, missing: AbstractSet[Path]) -> None:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        import great_expectations as gx
        from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

        context = gx.get_context(mode="file", project_root_dir=folder)
        known = context.validation_results_store.list_keys()
        wanted = [key for key in known if Path(*key.to_tuple()).with_suffix(".json") in missing]
        context.build_data_docs(resource_identifiers=[ExpectationSuiteIdentifier(feed), *wanted])
    except Exception as error:
        log.warning("data docs could not be written", feed=feed, problem=str(error)[:300])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Great Expectations writes its files in place: who reads them meanwhile, in another process, reads half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with its holder, however that ends
        yield


def _forget_all_but_results(folder: Path) -> None:
    kept = folder / "results"
    if (folder / _RESULTS).is_dir():
        shutil.rmtree(kept, ignore_errors=True)
        (folder / _RESULTS).rename(kept)
    shutil.rmtree(folder / "gx")
    if kept.is_dir():
        (folder / _RESULTS).parent.mkdir(parents=True)
        kept.rename(folder / _RESULTS)


def _is_whole(result: Path) -> bool:
    """Whether a result can be read; one that a killed process left half written goes: its verdict is not in the lake."""
    try:
        json.loads(result.read_text(encoding="utf-8"))
    except ValueError:
        result.unlink()
        return False
    except FileNotFoundError:
        return False
    return True


def _newest_first(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
