"""The dbt project keeps its own laws: layers, descriptions, consequences, examples for every KPI, portable SQL."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from lake.published_contract import built_tables
from pipeline.dbt_run import run_dbt
from tests.dbt.conftest import PROJECT

pytestmark = pytest.mark.timeout(900)

# What a layer may read. Reference data (townships, rulebook, accounting) has nothing to be worked out in between, and
# so a mart may take it from staging.
MAY_READ = {
    "staging": {"source", "seed"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
    "published": {"marts"},
}

# DuckDB's own words, which belong into macros/dialect: see the design's decision on Spark.
ONLY_DUCKDB = re.compile(
    r"\b(epoch|epoch_ms|quantile_cont|quantile|list|list_\w+|struct_pack|exclude|arg_max|arg_min|strftime|strptime"
    r"|date_diff|datediff|unnest|range|getvariable)\s*\(|\bexclude\b|::",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def manifest(built: Any) -> dict[str, Any]:
    home, _ = built
    return json.loads((home.root / "dbt" / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer_of(node: dict[str, Any]) -> str:
    return node["fqn"][1] if node["resource_type"] == "model" else node["resource_type"]


def test_models_read_only_from_the_layers_to_their_left(manifest: dict[str, Any], models: list[Any]) -> None:
    nodes = {**manifest["nodes"], **manifest["sources"]}
    wrong = [
        f"{node['name']} reads {nodes[parent]['name']}"
        for node in models
        for parent in node["depends_on"]["nodes"]
        if layer_of(nodes[parent]) not in MAY_READ[layer_of(node)]
    ]
    assert wrong == []


def test_a_layer_is_a_schema_of_its_name(models: list[Any]) -> None:
    assert {(layer_of(node), node["schema"]) for node in models} == {(layer, layer) for layer in MAY_READ}


def test_staging_models_are_views_named_after_their_source(manifest: dict[str, Any], models: list[Any]) -> None:
    nodes = {**manifest["nodes"], **manifest["sources"]}
    for node in models:
        if layer_of(node) == "staging":
            (source,) = node["depends_on"]["nodes"]
            assert node["name"] == f"stg_{nodes[source]['name']}"
            assert node["config"]["materialized"] == "view"


def test_every_model_says_what_a_row_is_and_every_column_what_it_holds(built: Any, ask: Any, models: list[Any]) -> None:
    home, _ = built
    in_lake: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in ask(
        home,
        """SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'warehouse'
           ORDER BY ALL""",
    ):
        in_lake.setdefault((schema, table), []).append(column)
    for node in models:
        assert node["description"].startswith("One row per "), node["name"]
        described = {name for name, column in node["columns"].items() if column["description"]}
        assert sorted(described) == in_lake[node["schema"], node["alias"]], node["name"]


def test_every_check_has_one_consequence_and_one_owner(manifest: dict[str, Any]) -> None:
    checks = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert checks
    for check in checks:
        assert check["config"]["severity"].lower() in ("error", "warn"), check["name"]
        assert check["config"]["meta"].get("owner"), check["name"]


def test_no_check_reads_a_view_because_a_daily_build_leaves_views_out(manifest: dict[str, Any]) -> None:
    for check in manifest["nodes"].values():
        if check["resource_type"] == "test":
            parents = [manifest["nodes"][parent] for parent in check["depends_on"]["nodes"]]
            assert "view" not in {parent["config"]["materialized"] for parent in parents}, check["name"]


def test_the_published_tables_are_those_of_their_contract(built: Any, ask: Any) -> None:
    home, _ = built
    columns: dict[str, set[str]] = {}
    for table, column in ask(
        home,
        """SELECT table_name, column_name FROM duckdb_columns()
           WHERE database_name = 'warehouse' AND schema_name = 'published'""",
    ):
        columns.setdefault(table, set()).add(column)
    contracted = built_tables()
    assert columns.keys() == contracted.keys()
    for name, table in contracted.items():
        assert set(table.columns) - set(table.filled) <= columns[name], name


def unit_tests(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from manifest["unit_tests"].values()


def test_every_kpi_of_the_rulebook_has_an_example(manifest: dict[str, Any]) -> None:
    shown = {
        row["kpi_code"]
        for test in unit_tests(manifest)
        if re.fullmatch(r"mart_kpi_\w+", test["model"])
        for row in test["expect"]["rows"]
        if row.get("value") is not None
    }
    rulebook = (PROJECT / "seeds" / "kpi_definitions.csv").read_text(encoding="utf-8").splitlines()[1:]
    codes = {line.split(",")[0] for line in rulebook} - {"incidents_(event_type)"}
    assert codes <= shown
    assert "incidents_wrong_way" in shown


def test_the_worked_example_of_every_rule_is_what_a_unit_test_computes() -> None:
    computed: dict[str, list[list[str]]] = {}
    for path in sorted((PROJECT / "models" / "marts").glob("*__unit_tests.yml")):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]:
            for row in test["expect"]["rows"] if re.fullmatch(r"mart_kpi_[a-z]+", test["model"]) else []:
                figures = [row.get(name) for name in ("value", "numerator", "denominator")]
                if figures[0] is not None and "kpi_code" in row:
                    shown = [f"{round(float(figure), 6):g}" for figure in figures if figure is not None]
                    computed.setdefault(row["kpi_code"], []).append(shown)
    with (PROJECT / "seeds" / "kpi_definitions.csv").open(encoding="utf-8", newline="") as lines:
        for rule in csv.DictReader(lines):
            code = (rule["measure"] or rule["kpi_code"]).replace("(event_type)", "wrong_way")
            for text in (rule["example_zh"], rule["example_en"]):
                words = re.split(r"[^0-9.]+", text)
                assert any(set(shown) <= set(words) for shown in computed[code]), (code, text)


def test_every_rule_names_its_formula_owner_and_legal_basis_in_both_languages(built: Any, ask: Any) -> None:
    home, _ = built
    assert (
        ask(
            home,
            """SELECT kpi_code FROM published.kpi_definitions
               WHERE coalesce(name_zh, name_en, '') = '' OR name_en IS NULL OR formula_zh IS NULL OR formula_en IS NULL
                  OR owner IS NULL OR legal_basis IS NULL OR variant IS NULL OR effective_from IS NULL OR unit IS NULL
                  OR contains(name_zh || name_en || formula_zh || formula_en, '(name)')""",
        )
        == []
    )


def test_models_use_no_word_that_only_duckdb_knows() -> None:
    found = []
    for path in sorted((PROJECT / "models").rglob("*.sql")):
        code = "\n".join(line.split("--")[0] for line in path.read_text(encoding="utf-8").splitlines())
        found += [f"{path.name}: {match.group(0)}" for match in ONLY_DUCKDB.finditer(code)]
    assert found == []


def test_dated_models_read_dated_relations_only_on_the_rebuilt_dates(models: list[Any]) -> None:
    dated = {node["name"] for node in models if node["config"]["materialized"] == "by_date"}
    for node in models:
        if node["name"] in dated:
            reads = len(re.findall(r"rebuilt\(|in_effect\(", node["raw_code"]))
            sources = [p.split(".")[-1] for p in node["depends_on"]["nodes"] if p.split(".")[-1] in dated]
            assert reads >= len(sources), node["name"]


def test_every_model_gives_the_rows_of_its_examples(built: Any) -> None:
    home, report = built
    run = run_dbt(
        home, ["test", "--select", "test_type:unit"], bronze_snapshot=report.bronze_snapshot, run_id="unit tests"
    )
    assert run.failures == []
    assert run.nodes["pass"] >= 26


def test_column_names_of_examples_are_columns_of_their_models(manifest: dict[str, Any]) -> None:
    for path in (PROJECT / "models").rglob("*__unit_tests.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"], path
    names = {node["name"]: set(node["columns"]) for node in manifest["nodes"].values()}
    for test in unit_tests(manifest):
        for row in test["expect"]["rows"]:
            assert set(row) <= names[test["model"]], test["name"]
