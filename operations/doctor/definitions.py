"""What the platform is told: contracts, what is derived from them, the map."""

from __future__ import annotations

from lake.home import Home
from operations.doctor.finding import Finding, note, ok, wrong


def contracts(_home: Home) -> Finding:
    from ingestion.contracts import BadContract, all_contracts

    try:
        found = all_contracts()
    except BadContract as error:
        return wrong(str(error), "correct the contract; data_contracts/README.md says what may stand in it")
    return ok(f"{len(found)} valid: {', '.join(contract.feed for contract in found)}")


def dbt_sources(_home: Home) -> Finding:
    from ingestion.dbt_sources import drift

    if stale := drift():
        return wrong(
            f"not as the contracts say: {', '.join(stale)}", "python -m ingestion.dbt_sources, then `yunjian build`"
        )
    return ok("as the contracts say")


def map_installed(home: Home) -> Finding:
    from geography.install import show

    installed = show(home)
    if not installed["installed"]:
        return note("not installed yet: the first build installs the project's own map")
    boundaries = "approximate boundaries" if installed["is_approximate"] else "surveyed boundaries"
    return ok(f"{len(installed['townships'])} townships from {installed['source']}, {boundaries}")
