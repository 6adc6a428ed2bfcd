"""What an engineer reads about a DAG in Airflow's pages."""

from __future__ import annotations

from ingestion.contracts import Contract

_SAFE = (
    "**Re-run, clear, backfill: safe.** A run does the same work whatever its date, on what is there now; "
    "work already done is found done."
)

BUILD_DOC = f"""
Runs `dbt build` for the business dates that changed since the last build that passed, at a pinned snapshot of the
bronze lake. Started by any feed that landed; runs one at a time, and what lands meanwhile is built by the next.

**When it fails**, the log names the model or test. The former edition keeps serving; the next build takes the same
dates again. By hand: `yunjian build`, `yunjian doctor`.

{_SAFE}
"""

PUBLISH_DOC = f"""
Copies the published tables into a DuckDB file aside, verifies it (balanced accounting, passed tests, the contract of the
published tables) and swaps it in by a rename. The portal shows it without a restart. The last editions are kept (five, or `YUNJIAN_EDITIONS_KEPT`).
Then the pages about models and checked batches are brought up to date; where that fails a warning tells, and nothing stops.

**When it fails**, the log names what did not verify, and the former edition keeps serving. By hand: `yunjian publish`.

{_SAFE}
"""

MAINTENANCE_DOC = f"""
Deletes detail older than its contract's retention (the published history stays), merges small files, expires old
snapshots except those that kept editions need, and removes files after some days of grace, under the writer lock.

{_SAFE}
"""


def landing_doc(contract: Contract) -> str:
    """The documentation of a feed's landing DAG, from its contract."""
    personal = "yes: pseudonymised, received bytes sealed" if contract.has_personal_data else "no"
    key = ", ".join(f"`{column}`" for column in contract.key) or "none"
    return f"""
{contract.description}

| | |
|---|---|
| contract | `data_contracts/{contract.feed}.odcs.yaml`, version {contract.version} |
| owner | {contract.owner} |
| lands | `inbox/{contract.feed}/` -> `bronze.{contract.feed}` |
| formats | {", ".join(contract.formats)} |
| mode | {contract.mode} |
| key within a business date | {key} |
| schedule | `{contract.schedule}` Asia/Shanghai |
| kept | {contract.retention_days} days |
| personal data | {personal} |

A refused row goes to quarantine with its reason (`yunjian quarantine list {contract.feed}`). A file that cannot be read
is refused whole: `report_refused` then fails and names it, after the other files have landed.

{_SAFE} Landing the same bytes twice changes nothing.
"""
