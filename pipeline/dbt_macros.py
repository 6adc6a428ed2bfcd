"""The macros that a node of dbt can name: found once for all nodes, not once for each.

dbt makes a callable of each of its 570 macros for each node, twice, and looks each of them up by name in five dictionaries
to lay them into the node's context: a sixth of a build's processor time. Which macro a name means is the same for every
node of a package; only the callables differ, each bound to the context of its node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbt.clients.jinja import MacroGenerator
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro

_Places = Mapping[str, int]
_Builder: Any = MacroNamespaceBuilder
_Manifest: Any = Manifest
_build = MacroNamespaceBuilder.build_namespace
_find = Manifest.find_materialization_macro_by_name


def lay_out_macros_once() -> None:
    """Nodes of one package share the way from names to macros for as long as the manifest has these very macros."""
    _Builder.build_namespace = _build_by_layout
    _Manifest.find_materialization_macro_by_name = _find_materialization


class _Namespace(dict[str, Any]):
    """A `MacroNamespace` that lies ready: what each name means in one dictionary, and macros by package."""

    packages: dict[str, dict[str, MacroGenerator]]
    global_project_namespace: dict[str, MacroGenerator]
    get_from_package = MacroNamespace.get_from_package


@dataclass(frozen=True)
class _Layout:
    """What the names mean, as places in `macros`; `visible` packages are themselves among the names."""

    macros: tuple[Macro, ...]
    names: _Places
    visible: tuple[str, ...]
    packages: Mapping[str, _Places]
    of_dbt: _Places


_layouts: dict[tuple[Any, ...], _Layout] = {}


def _build_by_layout(
    builder: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Macro]], ctx: dict[str, Any]
) -> Any:
    macros = [macro for package in macros_by_package.values() for macro in package.values()]
    key = builder.root_package, builder.search_package, tuple(builder.internal_package_names_order)
    layout = _layouts.get(key)
    if layout is None or not _is_same(layout.macros, macros):
        layout = _layouts[key] = _lay_out(macros, _build(builder, macros_by_package, ctx))
    callables = [_callable(macro, ctx, builder) for macro in macros]
    namespace = _Namespace(_placed(layout.names, callables))
    namespace.packages = {package: _placed(places, callables) for package, places in layout.packages.items()}
    namespace.global_project_namespace = _placed(layout.of_dbt, callables)
    namespace.update(
        {name: namespace.packages.get(name, namespace.global_project_namespace) for name in layout.visible}
    )
    return namespace


def _lay_out(macros: Iterable[Macro], namespace: MacroNamespace) -> _Layout:
    macros = tuple(macros)
    place = {id(macro): number for number, macro in enumerate(macros)}

    def places(members: Mapping[str, Any]) -> _Places:
        return {name: place[id(one.macro)] for name, one in members.items() if isinstance(one, MacroGenerator)}

    return _Layout(
        macros,
        places(namespace),
        tuple(name for name, member in namespace.items() if isinstance(member, dict)),
        {package: places(members) for package, members in namespace.packages.items()},
        places(namespace.global_project_namespace),
    )


def _callable(macro: Macro, ctx: dict[str, Any], builder: MacroNamespaceBuilder) -> MacroGenerator:
    """`MacroGenerator(macro, ctx, builder.node, builder.thread_ctx)`, without the three calls that does it by."""
    made = MacroGenerator.__new__(MacroGenerator)
    made.context, made.macro, made.node, made.stack = ctx, macro, builder.node, builder.thread_ctx
    return made


def _placed(places: _Places, callables: list[MacroGenerator]) -> dict[str, MacroGenerator]:
    return {name: callables[place] for name, place in places.items()}


_materializations: dict[tuple[str, ...], tuple[tuple[Macro, ...], Macro | None]] = {}


def _find_materialization(
    manifest: Manifest, project_name: str, materialization_name: str, adapter_type: str
) -> Macro | None:
    """The macro that makes tables of a kind, for which dbt goes through all macros again for each node."""
    key = project_name, materialization_name, adapter_type
    macros = tuple(manifest.macros.values())
    known = _materializations.get(key)
    if known is None or not _is_same(known[0], macros):
        known = _materializations[key] = (macros, _find(manifest, *key))
    return known[1]


def _is_same(known: Iterable[Macro], macros: Iterable[Macro]) -> bool:
    """Whether these are the very same; none that is known can be another, as it is kept."""
    return tuple(map(id, known)) == tuple(map(id, macros))
