from collections.abc import Mapping
from typing import Any

from apps.cli.output import AsJson, report, table


def feeds(as_json: AsJson = False) -> None:
    """List the feeds, from their contracts.

    Example: yunjian feeds --json
    """
    report(_feeds, as_json=as_json, show=_show)


def _feeds() -> Mapping[str, Any]:
    from ingestion.contracts import all_contracts

    return {
        "feeds": [
            {
                "feed": contract.feed,
                "version": contract.version,
                "mode": contract.mode,
                "formats": list(contract.formats),
                "schedule": contract.schedule,
                "retention_days": contract.retention_days,
                "personal_data": contract.has_personal_data,
                "owner": contract.owner,
            }
            for contract in all_contracts()
        ]
    }


def _show(result: Mapping[str, Any]) -> None:
    rows = [feed | {"formats": " ".join(feed["formats"])} for feed in result["feeds"]]
    table(rows, rows[0] if rows else ["feed"])
