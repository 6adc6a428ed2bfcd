"""What every run of dbt needs, made once by the server that the runs are forked from; and what dbt does twice, done once.

dbt imports its tasks, and makes a JSON schema of each class of settings, when a command first asks for them: with the
project's few small models, that is a good part of a run.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import dbt.adapters.duckdb.plugins
import dbt.artifacts.schemas.base
import dbt.parser.manifest
import dbt.task.build
import dbt.task.runnable
import pandas as pd  # noqa: F401 (which DuckDB imports with the first value that is handed to it)
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.artifacts.resources import ModelConfig, TestConfig
from dbt.contracts.graph.nodes import GenericTestNode, ModelNode, SeedNode, SingularTestNode
from dbt.contracts.project import Configuration, PackageConfig, ProfileConfig, Project, ProjectFlags
from dbt.contracts.selection import SelectorFile
from dbt_common.clients import agate_helper
from dbt_common.utils.encoding import JSONEncoder

from pipeline.dbt_events import tell_only_what_is_read
from pipeline.dbt_macros import lay_out_macros_once
from pipeline.dbt_templates import keep_compiled_templates

_CHECKED = (
    ProjectFlags, DuckDBCredentials, ProfileConfig, Project, PackageConfig, SelectorFile, Configuration,
    ModelConfig, TestConfig, ModelNode, SeedNode, GenericTestNode, SingularTestNode,
)  # fmt: skip

_build_type_tester = agate_helper.build_type_tester


def preload() -> None:
    """Make ready what the processes forked from this one share."""
    for checked in _CHECKED:
        checked.json_schema()  # which keeps it
    # The encoder in C: what dbt calls writes each value by itself, in Python.
    dbt.artifacts.schemas.base.write_json = _write_json
    # The manifest as parsed: every command that runs nodes writes it again at its end, with what it has compiled.
    dbt.parser.manifest.write_manifest = _write_nothing
    # dbt asks for the source of each line of its stack, for which Python looks once through every module there is.
    inspect.stack()
    agate_helper.build_type_tester = _type_tester
    tell_only_what_is_read()
    lay_out_macros_once()
    keep_compiled_templates()


def _type_tester(text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")) -> Any:
    """What finds out the types of a result's columns: of the same text columns the same, as making one takes 2 ms."""
    return _made_tester(frozenset(text_columns), None if string_null_values is None else tuple(string_null_values))


@lru_cache(maxsize=64)
def _made_tester(text_columns: frozenset[str], string_null_values: tuple[str, ...] | None) -> Any:
    return _build_type_tester(text_columns, string_null_values)


def keep_manifest() -> None:
    """Let the manifest that is there be: a run under the same rules would write the same again."""
    dbt.task.runnable.write_manifest = _write_nothing


def _write_json(path: str, data: dict[str, Any]) -> bool:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(data, cls=JSONEncoder), encoding="utf-8")
    return True


def _write_nothing(*_: Any, **__: Any) -> None:
    pass
