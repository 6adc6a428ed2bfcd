"""`yunjian quarantine`: what was refused, as people look at it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from apps.cli.visible import visible, visible_json
from evidence.entitlement import current_user
from evidence.register import verify
from ingestion.landing import land_files
from lake.home import Home

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEAD = "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on"
PEOPLE = (
    "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status"
)
PERSON = "31011719900101001X,张三,13900000000,male,1990-01-01,tourist,310117001,310117001001,2020-01-01,,active"
HOSTILE = "c2,310117001,921.2,31.0,WGS84,\x1b]0;owned\x07\x1b[2J\x9b2J\u202e\u2028\x7f,2020-01-01,"


def landed(home: Home, feed: str, file: Path, *lines: str) -> None:
    file.write_text("\n".join(lines) + "\n")
    land_files(home, feed, [file], now=NOW)


def cameras(home: Home, folder: Path) -> None:
    """One hostile row in the first file, in the second a bad place (twice) and a bad date."""
    landed(home, "cameras", folder / "cameras_2026-03-01.csv", HEAD, HOSTILE)
    places = [f"c{number},310117001,921.2,31.0,WGS84,ball,2020-01-01," for number in (3, 4)]
    dated = "c5,310117001,121.2,31.0,WGS84,ball,2020-13-41,"
    landed(home, "cameras", folder / "cameras_2026-03-02.csv", HEAD, *places, dated)


def test_an_unknown_feed_is_a_bad_call_that_names_the_known_ones(yunjian_here, home):
    answer = yunjian_here("quarantine", "list", "parking", "--json")
    assert answer.code == 2
    assert "parking" in answer.json["error"]
    assert "truck_gps" in answer.json["error"]


def test_before_anything_has_landed_nothing_was_refused(yunjian_here, home):
    for call in (["quarantine", "list"], ["quarantine", "list", "truck_gps"]):
        answer = yunjian_here(*call, "--json")
        assert (answer.code, answer.json) == (0, {"quarantine": []})
    assert not (home.lake / "bronze.sqlite").exists()


def test_refused_rows_are_shown_as_they_came_with_where_and_why(yunjian_here, home, tmp_path):
    cameras(home, tmp_path)
    answer = yunjian_here("quarantine", "show", "cameras", "--json")
    assert answer.code == 0
    rows = answer.json["rows"]
    assert [(row["file"][-6:-4], row["line"], row["field"]) for row in rows] == [
        ("01", 2, "longitude"), ("02", 2, "longitude"), ("02", 3, "longitude"), ("02", 4, "installed_on"),
    ]  # fmt: skip
    assert rows[0]["raw"] == HOSTILE
    assert {"file", "line", "field", "rule", "reason", "raw"} <= rows[0].keys()
    shown = yunjian_here("quarantine", "show", "cameras")
    assert "cameras_2026-03-02.csv:4  installed_on  " in shown.out
    assert "    c5,310117001,121.2,31.0,WGS84,ball,2020-13-41,\n" in shown.out


def test_what_is_shown_is_bounded_and_can_be_narrowed_to_a_file_and_a_rule(yunjian_here, home, tmp_path):
    cameras(home, tmp_path)
    first = yunjian_here("quarantine", "show", "cameras", "--limit", "2")
    assert first.out.count("    c") == 2
    assert "there are more than 2: --limit" in first.err
    of_file = yunjian_here(
        "quarantine", "show", "cameras", "--file", "cameras_2026-03-02.csv", "--limit", "3", "--json"
    ).json
    assert ([row["line"] for row in of_file["rows"]], of_file["more"]) == ([2, 3, 4], False)
    rule = of_file["rows"][0]["rule"]
    of_rule = yunjian_here("quarantine", "show", "cameras", "--rule", rule, "--json").json["rows"]
    assert [row["line"] for row in of_rule] == [2, 2, 3]
    nothing = yunjian_here("quarantine", "show", "cameras", "--file", "other.csv")
    assert (nothing.code, nothing.out) == (0, "")
    landed(home, "cameras", tmp_path / "cameras_2026-03-03.csv", HEAD, *(f"d{n},1" for n in range(30)))
    of_file = yunjian_here("quarantine", "show", "cameras", "--file", "cameras_2026-03-03.csv", "--json").json
    assert (len(of_file["rows"]), of_file["more"]) == (20, True)


def test_an_unknown_feed_has_no_rows_to_show(yunjian_here, home):
    answer = yunjian_here("quarantine", "show", "parking", "--json")
    assert answer.code == 2
    assert "truck_gps" in answer.json["error"]
    assert yunjian_here("quarantine", "show", "truck_gps", "--json").json == {
        "feed": "truck_gps",
        "rows": [],
        "more": False,
    }
    assert not (home.secrets / "quarantine.key").exists()  # nothing sealed: no key is made to look


def test_a_hostile_row_does_nothing_to_the_terminal_wherever_it_is_printed(yunjian_here, home, tmp_path):
    cameras(home, tmp_path)
    query = ["sql", "SELECT raw FROM bronze.quarantine"]
    for call in (
        ["quarantine", "show", "cameras"],
        ["quarantine", "show", "cameras", "--json"],
        query,
        [*query, "--json"],
    ):
        out = yunjian_here(*call).out
        assert "owned" in out
        assert not set(out) & set("\x1b\x07\x9b\u202e\u2028\x7f"), call
    assert r"\x1b]0;owned\x07\x1b[2J\x9b2J\u202e\u2028\x7f," in yunjian_here("quarantine", "show", "cameras").out


def test_rows_of_people_are_shown_in_clear_to_whoever_holds_the_keys(yunjian_here, home, tmp_path):
    landed(home, "population_records", tmp_path / "population_records_2026-03-01.csv", PEOPLE, PERSON)
    assert "张三" in yunjian_here("quarantine", "show", "population_records").out
    key = home.secrets / "quarantine.key"
    key.rename(home.root / "taken.key")
    answer = yunjian_here("quarantine", "show", "population_records", "--json")
    assert answer.code == 1
    assert "key quarantine" in answer.json["error"]
    assert not key.exists()
    assert "in clear" in " ".join(yunjian_here("quarantine", "show", "--help").out.split())


def test_who_is_shown_rows_in_clear_is_registered_first_and_not_shown_them_otherwise(yunjian_here, home, tmp_path):
    landed(home, "population_records", tmp_path / "population_records_2026-03-01.csv", PEOPLE, PERSON, PERSON)
    cameras(home, tmp_path)
    yunjian_here("quarantine", "show", "cameras")
    assert verify(home).entries == []  # nothing was sealed
    yunjian_here("quarantine", "show", "population_records", "--limit", "1")
    (entry,) = verify(home).entries
    assert entry["user"] == current_user()
    assert (entry["outcome"], entry["what"]) == (
        "refused_rows_shown",
        {"feed": "population_records", "rows": 1, "files": {"population_records_2026-03-01.csv": 1}, "of_files": 1},
    )
    assert "张三" not in str(entry)
    (home.registers / "retrievals.jsonl").write_text("")
    answer = yunjian_here("quarantine", "show", "population_records", "--json")
    assert (answer.code, "rows" in answer.json) == (1, False)
    assert "register" in answer.json["error"]


def test_a_long_row_is_cut_on_the_terminal_and_whole_in_json(yunjian_here, home, tmp_path):
    row = "c2,310117001,121.2,31.0,WGS84," + "k" * 5_000 + ",2020-01-01,"
    landed(home, "cameras", tmp_path / "cameras_2026-03-01.csv", HEAD, row)
    assert yunjian_here("quarantine", "show", "cameras", "--json").json["rows"][0]["raw"] == row
    out = yunjian_here("quarantine", "show", "cameras").out
    assert len(out) < 2_300
    assert f"... ({len(row):,} characters)" in out


def test_what_is_written_out_is_what_nobody_sees_and_nothing_else():
    assert visible("沪A12345　a b\tc\n") == "沪A12345　a b\\tc\\n"
    assert visible("a\nb\r", keep="\n") == "a\nb\\r"
    assert visible("\x00\x1b\x9b\u200b\ufeff\udcff") == r"\x00\x1b\x9b\u200b\ufeff\udcff"
    strange = {"\x9b": "\x7f \u202e \U000e0041 \udcff 沪é"}
    document = visible_json(json.dumps(strange, ensure_ascii=False))
    assert json.loads(document) == strange
    assert document.isprintable()
    assert "沪é" in document
