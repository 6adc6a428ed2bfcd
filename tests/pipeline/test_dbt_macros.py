"""Names of macros mean what dbt would have them mean, for each node in its own context."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.context.macros import MacroNamespaceBuilder
from dbt.contracts.graph.nodes import Macro
from dbt.exceptions import DuplicateMacroNameError, PackageNotFoundForMacroError
from dbt.node_types import NodeType

from pipeline import dbt_macros

INTERNAL = ["dbt_duckdb", "dbt"]


def macro(package: str, name: str, sql: str = "") -> Macro:
    return Macro(
        name=name,
        resource_type=NodeType.Macro,
        package_name=package,
        path="m.sql",
        original_file_path="m.sql",
        unique_id=f"macro.{package}.{name}",
        macro_sql=sql or f"{{% macro {name}() %}}{package}{{% endmacro %}}",
    )


MACROS = [
    macro("dbt", "statement"),
    macro("dbt", "ref_name"),
    macro("dbt_duckdb", "statement"),
    macro("yunjian", "statement"),
    macro("yunjian", "rebuilt"),
    macro("other", "rebuilt"),
    macro("other", "other_alone"),
]


def by_package(*macros: Macro) -> dict[str, dict[str, Macro]]:
    found: dict[str, dict[str, Macro]] = {}
    for one in macros:
        found.setdefault(one.package_name, {})[one.name] = one
    return found


def builder(package: str = "yunjian", node: Any = None) -> MacroNamespaceBuilder:
    return MacroNamespaceBuilder("yunjian", package, MacroStack(), INTERNAL, node)


def meaning(namespace: Any) -> dict[str, Any]:
    """What each name leads to, packages as dictionaries of such."""
    return {
        name: {inner: one.macro.unique_id for inner, one in value.items()}
        if isinstance(value, dict)
        else value.macro.unique_id
        for name, value in namespace.items()
    }


@pytest.fixture(autouse=True)
def no_layout_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_macros, "_layouts", {})
    monkeypatch.setattr(dbt_macros, "_materializations", {})


@pytest.mark.parametrize("package", ["yunjian", "other"])
def test_each_name_means_what_it_meant(package):
    theirs = dbt_macros._build(builder(package), by_package(*MACROS), {})
    ours = [dbt_macros._build_by_layout(builder(package), by_package(*MACROS), {}) for _ in range(2)]
    assert [meaning(namespace) for namespace in ours] == [meaning(theirs)] * 2
    for where in (None, "dbt", "yunjian", "other"):
        for name in ("statement", "rebuilt", "other_alone", "no_such"):
            wanted, got = theirs.get_from_package(where, name), ours[1].get_from_package(where, name)
            assert (wanted and wanted.macro) is (got and got.macro)
    with pytest.raises(PackageNotFoundForMacroError):
        ours[1].get_from_package("no_such_package", "statement")


def test_a_callable_is_bound_to_its_node_and_its_context():
    first, second = {"a": 1}, {"a": 2}
    one = dbt_macros._build_by_layout(builder(node="n1"), by_package(*MACROS), first)
    making = builder(node="n2")
    two = dbt_macros._build_by_layout(making, by_package(*MACROS), second)
    assert one["rebuilt"].context is first
    wanted = MacroGenerator(MACROS[4], second, "n2", making.thread_ctx)
    assert vars(two["rebuilt"]) == vars(wanted)
    assert two["yunjian"]["rebuilt"] is two["rebuilt"]


def test_a_macro_that_was_replaced_or_added_is_found():
    macros = by_package(*MACROS)
    dbt_macros._build_by_layout(builder(), macros, {})
    macros["yunjian"]["rebuilt"] = mended = macro("yunjian", "rebuilt", "{% macro rebuilt() %}mended{% endmacro %}")
    macros["yunjian"]["added"] = added = macro("yunjian", "added")
    namespace = dbt_macros._build_by_layout(builder(), macros, {})
    assert namespace["rebuilt"].macro is mended
    assert namespace["added"].macro is added


def test_two_macros_of_one_name_are_refused_as_before():
    twice = {"a": {"m": macro("a", "m")}, "b": {"m": macro("a", "m")}}
    with pytest.raises(DuplicateMacroNameError):
        dbt_macros._build_by_layout(builder(), twice, {})


def test_a_materialization_is_looked_for_once_until_a_macro_changes(monkeypatch):
    looked: list[str] = []

    def find(manifest: Any, project: str, name: str, adapter: str) -> Macro | None:
        looked.append(name)
        return manifest.macros.get(name)

    monkeypatch.setattr(dbt_macros, "_find", find)
    manifest = SimpleNamespace(macros={"by_date": macro("yunjian", "by_date"), "view": macro("dbt", "view")})
    asked = [dbt_macros._find_materialization(manifest, "yunjian", name, "duckdb") for name in ("by_date", "view") * 2]
    assert asked == [manifest.macros["by_date"], manifest.macros["view"]] * 2
    assert looked == ["by_date", "view"]
    manifest.macros["by_date"] = mended = macro("yunjian", "by_date", "mended")
    assert dbt_macros._find_materialization(manifest, "yunjian", "by_date", "duckdb") is mended
    assert dbt_macros._find_materialization(manifest, "yunjian", "no_such", "duckdb") is None
