"""Runs the checks, each on its own: one that fails itself is a finding too."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lake.home import Home
from operations.doctor import definitions, machine, results, running, storage
from operations.doctor.finding import Check, Finding, wrong

CHECKS: dict[str, Check] = {
    "python": machine.python,
    "packages": machine.packages,
    "DuckDB extensions": machine.extensions,
    "home": machine.home_is_writable,
    "disk space": machine.disk_space,
    "contracts": definitions.contracts,
    "dbt sources": definitions.dbt_sources,
    "map": definitions.map_installed,
    "inbox": storage.inbox,
    "keys": storage.keys,
    "bronze lake": storage.bronze,
    "warehouse": storage.warehouse,
    "writer locks": running.writer_locks,
    "leftover processes": running.leftover_processes,
    "ports": running.ports,
    "Airflow": running.airflow,
    "accounting": results.accounting,
    "last build": results.last_build,
    "edition": results.edition,
}


def examine(home: Home) -> dict[str, Any]:
    """Every check's finding: {"healthy", "home", "checks": [{"name", "status", "found", "mend"}]}."""
    checks = [{"name": name} | asdict(_run(check, home)) for name, check in CHECKS.items()]
    return {
        "healthy": all(check["status"] != "wrong" for check in checks),
        "home": str(home.root),
        "checks": checks,
    }


def _run(check: Check, home: Home) -> Finding:
    try:
        return check(home)
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        return wrong(f"{type(error).__name__}: {text}", "see the message; what it names could not be examined")
