"""Compiled templates of dbt are kept by their text, and never taken for another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_common.clients import jinja
from dbt_common.clients.jinja import MacroFuzzEnvironment, get_template
from dbt_common.exceptions import CompilationError

from pipeline import dbt_templates
from pipeline.dbt_templates import keep_compiled_templates


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The texts that are compiled, with the kept ones in a folder of the test's own."""
    texts: list[str] = []
    compiling: Callable[..., object] = dbt_templates._compile

    def noted(environment: MacroFuzzEnvironment, source: str, *place: object, **options: object) -> object:
        texts.append(source)
        return compiling(environment, source, *place, **options)

    monkeypatch.setattr(dbt_templates, "_compile", noted)
    monkeypatch.setattr(MacroFuzzEnvironment, "compile", MacroFuzzEnvironment.compile)  # put back afterwards
    keep_compiled_templates(tmp_path)
    return texts


def rendered(text: str, *, native: bool = False, **context: object) -> object:
    return get_template(text, {}, native=native).render(context)


def test_a_text_is_compiled_once(compiled):
    text = "select {{ n + 1 }}{% macro unused() %}{% endmacro %}"
    assert [rendered(text, n=n) for n in (1, 2)] == ["select 2", "select 3"]
    assert rendered("select {{ n + 2 }}", n=1) == "select 3"
    assert compiled == [text, "select {{ n + 2 }}"]


def test_settings_and_text_are_two_languages(compiled):
    assert rendered("{{ '1' | as_number }}", native=True) == 1
    assert rendered("{{ '1' | as_number }}") == "1"
    assert len(compiled) == 2


def test_a_faulty_text_is_refused_each_time(compiled):
    for _ in range(2):
        with pytest.raises(CompilationError, match="Expected an expression"):
            rendered("{% if %}")
    assert len(compiled) == 2


def test_a_spoilt_file_is_compiled_again(compiled, tmp_path):
    rendered("a{{ n }}", n=1)
    (kept,) = (file for file in tmp_path.rglob("*") if file.is_file())
    for spoilt in (b"", kept.read_bytes()[:40]):
        kept.write_bytes(spoilt)
        assert rendered("a{{ n }}", n=2) == "a2"
    assert len(compiled) == 3


def test_where_nothing_can_be_kept_everything_is_compiled(compiled, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(MacroFuzzEnvironment, "compile", dbt_templates._compile)
    keep_compiled_templates(tmp_path / "file" / "folder")
    assert [rendered("a{{ n }}", n=n) for n in (1, 2)] == ["a1", "a2"]
    assert len(compiled) == 2


def test_debugging_of_macros_has_its_own_files(compiled, monkeypatch):
    monkeypatch.setattr(jinja, "MACRO_DEBUGGING", True)
    assert rendered("a{{ n }}", n=1) == rendered("a{{ n }}", n=1) == "a1"
    assert len(compiled) == 2
