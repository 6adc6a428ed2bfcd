"""What feeds a KPI, read from dbt's own manifest: models by layer, and the feeds of bronze they rest on.

Nothing here is typed in by hand: a model or a source that is added is in the answer after the next build.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from haulage.feeds import FEEDS
from haulage.tables import SCHEMA
from ingestion.contracts import all_contracts
from lake.engine import sql_name
from lake.home import Home
from lake.lakes import WAREHOUSE
from lake.relations import table_names

LAYERS = ("staging", "intermediate", "marts", "published")
KPI_VALUES = "kpi_values"
# `meta: {kpi_rows: true}` on a mart declares that it names the rows behind its KPIs, and that they may be shown (cases,
# never persons). Its columns: kpi_code, area_code, business_date, row_id, is_in_numerator, is_in_denominator; and, where
# a row rests on one landed row, feed and told_on: row_id is then the feed's key, told_on the landed row's business date.
KPI_ROWS = "kpi_rows"


@dataclass(frozen=True)
class Model:
    """One dbt model: its relation in the warehouse and what it reads."""

    name: str
    layer: str
    table: str
    path: str
    description: str
    columns: tuple[str, ...]
    meta: Mapping[str, Any]
    parents: tuple[str, ...]  # unique ids of models, seeds and sources

    @property
    def relation(self) -> str:
        return f"{WAREHOUSE}.{sql_name(self.layer)}.{sql_name(self.table)}"


class Lineage:
    """The graph of the project as the last run of dbt wrote it. Raises LookupError when dbt has not run yet."""

    def __init__(self, home: Home) -> None:
        path = manifest_path(home)
        if not path.is_file():
            raise LookupError("nothing has been built yet: `yunjian build` writes the lineage")
        self._manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    @cached_property
    def models(self) -> dict[str, Model]:
        """Every model, by unique id."""
        return {
            unique_id: Model(
                name=node["name"],
                layer=node["schema"],
                table=node["alias"],
                path=node["original_file_path"],
                description=node["description"],
                columns=tuple(node["columns"]),
                meta=node["config"].get("meta") or {},
                parents=tuple(node["depends_on"]["nodes"]),
            )
            for unique_id, node in self._manifest["nodes"].items()
            if node["resource_type"] == "model"
        }

    def upstream(self, unique_id: str) -> Iterator[str]:
        """The unique ids of a model and of everything it reads, nearest first, each once."""
        seen: dict[str, None] = {}
        waiting = [unique_id]
        while waiting:
            one = waiting.pop(0)
            if one not in seen:
                seen[one] = None
                waiting.extend(self.models[one].parents if one in self.models else ())
        yield from seen

    def feeds_of(self, unique_id: str) -> frozenset[str]:
        """The feeds whose rows a model reads, directly or through others."""
        known = {contract.feed for contract in all_contracts()}
        sources = [self._manifest["sources"].get(one) for one in self.upstream(unique_id)]
        read = {source["name"] for source in sources if source is not None}
        if any(source is not None and source["schema"] == SCHEMA for source in sources):
            read |= set(FEEDS)  # trips are found from these before the models run
        return frozenset(read & known)

    def kpi_marts(self) -> list[str]:
        """The unique ids of the marts that measure KPIs: the first that have a KPI and its parts, on the way to the
        published values. Those that bring them together are made of all feeds, and tell nothing of one KPI."""
        published = next(i for i, m in self.models.items() if (m.layer, m.table) == ("published", KPI_VALUES))
        measuring = [
            one
            for one in self.upstream(published)
            if one in self.models
            and self.models[one].layer == "marts"
            and {"kpi_code", "numerator"} <= set(self.models[one].columns)
        ]
        return [one for one in measuring if not (set(self.upstream(one)) - {one}) & set(measuring)]

    def row_marts(self) -> list[Model]:
        """The marts that name the rows behind their KPIs (`KPI_ROWS`)."""
        return [model for model in self.models.values() if model.meta.get(KPI_ROWS)]

    def marts_of(self, con: duckdb.DuckDBPyConnection, measure: str) -> list[str]:
        """The unique ids of the marts that have rows of a measure, or else that may have."""
        return [mart for mart, codes in self._codes(con).items() if measure in codes] or self.marts_naming(measure)

    def marts_naming(self, measure: str) -> list[str]:
        """The marts whose SQL names a measure; all of them when none does. One without a row yet is found by this."""
        marts = self.kpi_marts()
        named = [mart for mart in marts if f"'{measure}'" in self._manifest["nodes"][mart]["raw_code"]]
        return named or marts

    def feeds_by_measure(self, con: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
        """The feeds each measure rests on that has rows. The connection has the warehouse attached."""
        feeds: dict[str, frozenset[str]] = {}
        for mart, codes in self._codes(con).items():
            for code in codes:
                feeds[code] = feeds.get(code, frozenset()) | self.feeds_of(mart)
        return feeds

    def _codes(self, con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
        codes: dict[str, set[str]] = {}
        marts = self.kpi_marts()
        present = {layer: table_names(con, WAREHOUSE, layer) for layer in {self.models[mart].layer for mart in marts}}
        for mart in marts:
            model = self.models[mart]
            if model.table in present[model.layer]:
                rows = con.execute(f"SELECT DISTINCT kpi_code FROM {model.relation}").fetchall()
                codes[mart] = {str(code) for (code,) in rows}
        return codes


def measures(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The measure that each version of a rule takes, by KPI and version; where none is named it is the KPI itself."""
    definitions = f"{WAREHOUSE}.marts.mart_kpi_definitions"
    try:
        columns = {row[0] for row in con.execute(f"DESCRIBE {definitions}").fetchall()}
    except duckdb.CatalogException:
        return {}
    if "measure" not in columns:
        return {}
    rows = con.execute(
        f"SELECT kpi_code, rule_version, measure FROM {definitions} WHERE measure IS NOT NULL"
    ).fetchall()
    return {(kpi_code, version): measure for kpi_code, version, measure in rows}


def exists(con: duckdb.DuckDBPyConnection, model: Model) -> bool:
    """Whether the attached warehouse has the model's table or view."""
    return model.table in table_names(con, WAREHOUSE, model.layer)


def manifest_path(home: Home) -> Path:
    return home.root / "dbt" / "target" / "manifest.json"
