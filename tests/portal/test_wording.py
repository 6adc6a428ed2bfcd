from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from apps.streamlit.wording import LANGUAGES, LOCALE_FOLDER, plain
from ingestion.contracts import all_contracts
from ingestion.jtt808.layout import REFUSALS
from ingestion.rules.checks import checks_of
from ingestion.rules.texts import Given

PORTAL = LOCALE_FOLDER.parent
HAN = re.compile(r"[\u4e00-\u9fff]")


def _catalog(language: str) -> Catalog:
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "portal.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _used() -> tuple[set[str], set[str]]:
    """Keys written out in the code, and the fixed beginnings of keys made from codes."""
    keys, stems = set(), set()
    for path in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id not in ("t", "t_or"):
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant):
                keys.add(first.value)
            elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                stems.add(first.values[0].value)
    return keys, stems


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogs_have_the_same_keys_and_the_same_places() -> None:
    zh, en = ({message.id: message.string for message in _catalog(lang) if message.id} for lang in LANGUAGES)
    assert zh.keys() == en.keys()
    for key in zh:
        assert zh[key] and en[key], key
        assert _places(zh[key]) == _places(en[key]), key


def test_every_key_in_the_code_is_in_the_catalogs_and_every_entry_is_used() -> None:
    keys, stems = _used()
    known = {message.id for message in _catalog("zh") if message.id}
    assert keys <= known, keys - known
    titles = {f"{path.stem}.title" for path in (PORTAL / "views").glob("*.py")}
    idle = {key for key in known - keys - titles if not key.startswith(tuple(stems))}
    assert not idle


@pytest.mark.parametrize("path", sorted(PORTAL.rglob("*.py")), ids=lambda path: str(path.relative_to(PORTAL)))
def test_no_page_has_words_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            assert not HAN.search(node.value), node.value


def test_names_from_the_data_cannot_become_markdown() -> None:
    assert plain("![x](http://evil)") == "\\!\\[x\\]\\(http\\://evil\\)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feed_of_the_contracts_has_a_name(language: str) -> None:
    named = {str(message.id) for message in _catalog(language) if message.string}
    assert {f"feed.{contract.feed}" for contract in all_contracts()} <= named


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_which_a_row_of_the_contracts_is_refused_has_words(language: str) -> None:
    known = {message.id for message in _catalog(language) if message.id}
    reasons = {refusal.rule for refusal in REFUSALS.values()}
    for contract in all_contracts():
        for column in contract.columns:
            reasons |= {check.reason for check in checks_of(column, Given("raw", "raw", "VARCHAR"), "value", "NULL")}
    assert {f"refused.{reason}" for reason in reasons} - known == set()
