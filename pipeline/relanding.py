"""Landing the landed files again, in the order they came, each as of the moment it came.

A file's rows depend on three things: its bytes, its name (date, time of reception), and the moment it was landed (a row
that lies in the future then is refused). The manifest has all three for every delivery.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from ingestion.contracts import Contract, all_contracts
from ingestion.landing import open_run
from ingestion.landing_file import land_file
from ingestion.landing_run import LandingRun
from ingestion.store import Delivery, Manifest, landed_path, manifests, open_landed
from lake.home import Home
from lake.lakes import BRONZE
from lake.retention import expire_again
from lake.scratch import scratch_folder
from lake.writer_lock import writer_lock
from pipeline.carried_over import expiries

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Relanded:
    """`files` were landed; of `without_bytes` only the manifest is left, because their rows have expired; the bytes of
    those `damaged` are not the ones that were received, and were left out."""

    files: int
    without_bytes: int
    damaged: tuple[str, ...] = ()


class Damaged(Exception):
    """Landed bytes that do not have the hash of their manifest."""


@dataclass(frozen=True)
class _Step:
    """What happened to a feed at one moment: a delivery, or the expiry of business dates."""

    at: datetime
    delivery: tuple[Manifest, Delivery] | None = None
    expired: tuple[date, ...] = ()


def reland(home: Home, target: Home, *, tell: Callable[[str], None]) -> Relanded:
    """Land every delivery that `home` has the bytes of into the lake of `target`; known ones change nothing.

    Expired dates expire again at their moment, so that what came after them is refused as it was then.
    """
    plans = [(contract, _steps(home, contract)) for contract in all_contracts()]
    total = sum(1 for _, steps in plans for step in steps if step.delivery)
    done = gone = 0
    damaged: list[str] = []
    for contract, steps in plans:
        if not steps:
            continue
        with open_run(target, contract, "rebuild", steps[0].at.replace(tzinfo=UTC)) as run:
            for step in steps:
                if step.delivery is None:
                    with writer_lock(target, BRONZE, purpose=f"expiring {contract.feed}"):
                        expire_again(run.con, contract.feed, step.expired, step.at)
                    continue
                done += 1
                name = f"{contract.feed} {step.delivery[1].name}"
                try:
                    landed = _land(home, run, *step.delivery)
                except Damaged as problem:
                    damaged.append(f"{name}: {problem}")
                    tell(f"damaged {done} of {total}: {name}")
                    continue
                gone += not landed
                tell(f"{'landed' if landed else 'expired'} {done} of {total}: {name}")
    return Relanded(done - gone - len(damaged), gone, tuple(damaged))


def _steps(home: Home, contract: Contract) -> list[_Step]:
    deliveries = [
        _Step(delivery.landed_at, (manifest, delivery))
        for manifest in manifests(home, contract.feed)
        for delivery in manifest.deliveries
    ]
    gone = [_Step(at, expired=dates) for at, dates in expiries(home, contract.feed)]
    return sorted([*deliveries, *gone], key=lambda step: (step.at, step.delivery is None, _name(step)))


def _name(step: _Step) -> str:
    return step.delivery[1].name if step.delivery else ""


def _land(home: Home, run: LandingRun, manifest: Manifest, delivery: Delivery) -> bool:
    with _fetched(home, run, manifest, delivery) as path:
        if path is None:
            return False
        report = land_file(replace(run, now=delivery.landed_at), path)
        log.info("landed again", feed=manifest.feed, file=delivery.name, status=report.status, rows=report.received)
    return True


@contextmanager
def _fetched(home: Home, run: LandingRun, manifest: Manifest, delivery: Delivery) -> Iterator[Path | None]:
    """The landed bytes under the name they came with, in the clear, for as long as they are read.

    Raises Damaged: landing them would make another file of them, with a manifest of its own.
    """
    if not landed_path(home, manifest).is_file():
        yield None
        return
    with scratch_folder(run.home, "reland") as folder:
        path = folder / delivery.name
        found = hashlib.sha256()
        try:
            ours_alone = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(ours_alone, "wb") as target, open_landed(home, manifest) as stream:
                while chunk := stream.read(1 << 20):
                    found.update(chunk)
                    target.write(chunk)
        except Exception as error:  # sealed bytes that do not open, a disk that does not read
            raise Damaged(f"its bytes in landing cannot be read: {str(error)[:200]}") from error
        if found.hexdigest() != manifest.sha256:
            raise Damaged(f"its bytes in landing are not those received ({manifest.sha256[:12]})")
        yield path
