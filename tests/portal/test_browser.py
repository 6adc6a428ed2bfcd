from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from tests.portal.browser import APT, CHROMIUM, Watched, launch, portal, visitor
from tests.portal.published_fixture import build_published

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: {APT}"),
]
ADDRESSES = {
    "overview": "",
    "map": "map",
    "events": "events",
    "fleet": "fleet",
    "haulage": "haulage",
    "balance": "balance",
    "population": "population",
    "cases": "cases",
    "funnel": "funnel",
    "rulebook": "rulebook",
    "restatements": "restatements",
    "health": "health",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, published_template: Path) -> Iterator[str]:
    home = tmp_path_factory.mktemp("browser") / "var"
    (home / "published").mkdir(parents=True)
    shutil.copy(published_template, home / "published" / "published.duckdb")
    with portal(home) as address:
        yield address


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A portal whose published file the tests write themselves: its address and the file's path."""
    home = tmp_path_factory.mktemp("stage") / "var"
    with portal(home) as address:
        yield address, home / "published" / "published.duckdb"


def test_pages_are_whole_on_a_desktop_and_speak_to_nobody_else(browser: Browser, origin: str) -> None:
    seen = visitor(browser, origin)
    for name, path in ADDRESSES.items():
        page = seen.open(path)
        whole(seen, name)
        seen.shoot(f"{name}-zh-1440")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
        assert not serious, [(rule["id"], node["html"][:200]) for rule in serious for node in rule["nodes"]]
    assert not seen.errors
    assert not seen.foreign, "a request left the machine"
    seen.page.context.close()


def whole(seen: Watched, name: str) -> None:
    assert seen.overflow() <= 0, f"{name} is wider than the screen"
    expect(seen.page.locator('[data-testid="stException"]')).to_have_count(0)


def test_the_language_switch_stays_in_the_address_from_page_to_page(browser: Browser, origin: str) -> None:
    seen = visitor(browser, origin)
    page = seen.open()
    expect(page).to_have_title("云间 · 区治理数据平台")
    page.get_by_text("English", exact=True).click()
    expect(page.locator("h1")).to_have_text("Overview")
    expect(page).to_have_url(f"{origin}/?lang=en")
    page.get_by_role("link", name="Township map").click()
    expect(page.locator("h1")).to_have_text("Township map")
    expect(page).to_have_url(f"{origin}/map?lang=en")
    page.reload()
    expect(page.locator("h1")).to_have_text("Township map")
    page.context.close()


def test_a_choice_goes_along_from_page_to_page(browser: Browser, origin: str) -> None:
    page = visitor(browser, origin).open("?area=310117102&day=2026-11-15")
    for name, path in (("实有人口", "population"), ("案件办理", "cases"), ("总览", "")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        expect(page.locator("h2").first).to_have_text("泗泾镇 · 2026年11月15日")
        expect(page).to_have_url(f"{origin}/{path}?area=310117102&day=2026-11-15")
    page.context.close()


def test_a_tile_opens_its_rule(browser: Browser, origin: str) -> None:
    seen = visitor(browser, origin)
    page = seen.open("?area=310117121")
    page.locator(".st-key-tile-incidents_total").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("incidents_total · 1")
    expect(dialog).to_contain_text("GB/T 30428")
    seen.settle()
    seen.shoot("rule-zh-1440")
    page.context.close()


def test_a_tile_leads_to_its_rule_in_the_rulebook_and_a_link_to_a_rule_scrolls_there(
    browser: Browser, origin: str
) -> None:
    seen = visitor(browser, origin)
    page = seen.open()
    page.locator(".st-key-tile-camera_online_rate").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("规则手册")
    expect(page.locator("h3")).to_have_text(["摄像机在线率"])
    seen.open("rulebook#waste_truck_night_km")
    expect(page.locator("#waste_truck_night_km")).to_be_in_viewport()
    page.get_by_role("link", name="治理事件总数", exact=True).click()
    expect(page.locator("#incidents_total")).to_be_in_viewport()
    assert not seen.errors
    page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_pending_value_on_a_tile_leads_to_its_row_in_the_ledger(browser: Browser, origin: str, width: int) -> None:
    seen = visitor(browser, origin, width=width)
    page = seen.open("?day=2026-11-19")
    mark = page.locator(".st-key-tile-trucks_reporting_rate .yj-pending a")
    expect(mark).to_contain_text("89.1%")
    assert seen.overflow() <= 0
    seen.shoot(f"pending-zh-{width}")
    mark.click()
    expect(page.locator("h1")).to_have_text("更正台账")
    expect(page.get_by_role("table", name="逐条更正").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_test_id("stCode")).to_contain_text("yunjian restate approve 5d1e00a7c3f2")
    page.context.close()


def test_an_open_page_shows_a_new_edition_within_seconds_without_a_restart(
    browser: Browser, stage: tuple[str, Path]
) -> None:
    origin, file = stage
    file.unlink(missing_ok=True)
    seen = visitor(browser, origin)
    page = seen.open(wait=False)
    expect(page.locator("h1")).to_have_text("数据尚未发布")
    seen.shoot("unavailable-zh-1440")
    build_published(file, days=3)
    expect(page.locator("h1")).to_have_text("总览")
    expect(page.locator(".yj-edition")).to_contain_text("20261123T010546Z-1f0c9a7e")
    build_published(file, days=3, edition="20261124T010500Z-77777777", add=100_000, last_day=date(2026, 11, 23))
    expect(page.locator(".yj-edition")).to_contain_text("20261124T010500Z-77777777")
    expect(page.locator(".st-key-tile-incidents_total .yj-value")).to_contain_text("100,")
    expect(page.locator("h2").first).to_have_text("全区 · 2026年11月23日")
    build_published(file, days=3, edition="20261124T020500Z-88888888", unbalanced=True)
    expect(page.locator(".yj-alarm")).to_be_visible()
    seen.open("health")
    seen.shoot("unbalanced-zh-1440")
    assert not seen.errors and not seen.foreign
    page.context.close()


def test_on_a_phone_pages_are_whole_and_hostile_names_are_words_and_nothing_more(
    browser: Browser, stage: tuple[str, Path], hostile_template: Path
) -> None:
    """The same elements in one column, their names as long and as hostile as a published file can have them."""
    origin, file = stage
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(hostile_template, aside := file.with_name(".hostile.duckdb"))
    aside.replace(file)
    seen = visitor(browser, origin, width=390, lang="en")
    dialogs: list[str] = []
    seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for name, path in ADDRESSES.items():
        page = seen.open(f"{path}?lang=en")
        whole(seen, name)
        seen.shoot(f"{name}-en-390")
        for chart in page.locator('[data-testid="stVegaLiteChart"]').all()[:2]:  # tooltips are made on the fly
            box = chart.bounding_box()
            for step in range(1, 8):
                if box:
                    page.mouse.move(box["x"] + box["width"] * step / 8, box["y"] + box["height"] * step / 8)
                    page.wait_for_timeout(30)
        for select in page.get_by_test_id("stSelectbox").all()[:1]:
            select.locator("input").click()
            page.wait_for_timeout(200)
            page.keyboard.press("Escape")
        assert page.evaluate("window.pwned") is None, path
    page = seen.open("?lang=en")
    page.locator(".st-key-tile-incidents_total").get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text("<script>")
    assert page.evaluate("window.pwned") is None
    assert not dialogs and not seen.errors and not seen.foreign
    page.context.close()
