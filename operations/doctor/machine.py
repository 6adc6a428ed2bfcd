"""The machine and the environment: Python, packages, extensions, the home folder, disk space."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from lake.engine import open_engine
from lake.extensions import EXTENSIONS
from lake.home import Home
from operations.doctor.finding import Finding, note, ok, wrong

LEAST_FREE_GIB = 2.0


def python(_home: Home) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return ok(found)
    return wrong(f"Python {found}, the lock file covers 3.11 and 3.12", "make distclean install with python3.11")


def packages(_home: Home) -> Finding:
    """The installed versions against those the project asks for (its own metadata, not a list here)."""
    missing = []
    for line in requires("yunjian") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "missing"
        if installed == "missing" or not requirement.specifier.contains(installed, prereleases=True):
            missing.append(f"{requirement.name} {installed} (wanted {requirement.specifier})")
    if missing:
        return wrong(", ".join(missing), "make install")
    return ok(", ".join(f"{name} {version(name)}" for name in ("apache-airflow", "dbt-core", "duckdb", "streamlit")))


def extensions(home: Home) -> Finding:
    with open_engine(home, temp=False) as con:
        for name in EXTENSIONS:
            con.execute(f"LOAD {name}")
    return ok(", ".join(EXTENSIONS))


def home_is_writable(home: Home) -> Finding:
    if not home.root.is_dir():
        return note(f"{home.root} is not there yet: `yunjian up` or the first landing makes it")
    closed = [str(path) for path in (home.root, *home.root.iterdir()) if path.is_dir() and not os.access(path, os.W_OK)]
    if closed:
        return wrong(f"not writable: {', '.join(closed)}", f"chown -R {os.getuid()} {home.root}")
    return ok(str(home.root))


def disk_space(home: Home) -> Finding:
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 2**30
    if free < LEAST_FREE_GIB:
        return wrong(
            f"{free:.1f} GiB free at {existing}",
            "free some: Airflow -> lake_maintenance removes expired files; old files of logs/ and sample/ may go",
        )
    return ok(f"{free:.1f} GiB free")
