"""What stands in a pack: the lines as received, the rule in both languages, valid GeoJSON, and no identity elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from evidence.document import pdf_of
from evidence.dossier import gather
from evidence.geojson import geojson_of
from evidence.received_lines import LandingChanged
from ingestion.store import landed_path, manifests
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import WAREHOUSE, attach
from tests.evidence.case_fixture import (
    BEGIN,
    CAPTURE,
    CSV_TRIP,
    OTHER_PHONE,
    OTHER_PLATE,
    PACKED,
    PHONE,
    PLATE,
    TABLE,
    TRIP,
    capture,
    entitle,
    entries,
    packed_capture,
    place,
    table,
)
from tests.evidence.pack import REASON, Pack, features, made, text_of


@pytest.fixture
def entitled(case: Home) -> Home:
    entitle(case)
    return case


@pytest.fixture(scope="module")
def pack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The pack of the case as it was made, for the tests that look at what stands in it: seconds to make and to read."""
    root = tmp_path_factory.mktemp("packed") / "var"
    shutil.copytree(request.getfixturevalue("made"), root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNJIAN_HOME", str(root))
        home = Home.current().ensure()
        entitle(home)
        pdf, geojson, _ = made(home)
    return Pack(geojson, text_of(pdf))


def test_the_same_case_gives_the_same_bytes_and_both_hashes_are_registered(entitled: Home, tmp_path: Path) -> None:
    first, second = made(entitled, out=str(tmp_path / "a")), made(entitled, out=str(tmp_path / "b"))
    assert first[:2] == second[:2]
    for entry, (pdf, geojson, _) in zip(entries(entitled), (first, second), strict=True):
        assert entry["outcome"] == "handed_out"
        assert [file["sha256"] for file in entry["files"]] == [
            hashlib.sha256(content).hexdigest() for content in (pdf, geojson)
        ]
        assert (entry["name"], entry["unit"], entry["role"]) == ("王丽", "渣土办", "waste_enforcement")
        assert (entry["reason"], entry["trip_id"], entry["finding"]) == (REASON, TRIP, "off_route")
    # Either file leads to the other: the PDF names the GeoJSON's hash on each page.
    assert hashlib.sha256(first[1]).hexdigest() in text_of(first[0])


def test_the_frames_are_the_files_own_lines(pack: Pack) -> None:
    files = {file["name"]: file for file in pack.collection["evidence"]["files"]}
    given = {CAPTURE: capture(), PACKED: packed_capture()}
    assert set(files) == set(given)
    for name, content in given.items():
        assert files[name]["sha256"] == hashlib.sha256(content).hexdigest()
        clear = gzip.decompress(content) if name.endswith(".gz") else content
        lines = clear.decode().split("\n")
        mine = {number: line for number, line in enumerate(lines, 1) if PHONE in line}
        assert {int(number): text for number, text in files[name]["lines"].items()} == mine
        for line in mine.values():
            assert line.split()[-1] in pack.text
        assert files[name]["sha256"] in pack.text


def test_a_message_in_parts_comes_with_all_its_parts(pack: Pack) -> None:
    (packed,) = [file for file in pack.collection["evidence"]["files"] if file["name"] == PACKED]
    # Line 2 is another truck's; the message is whole with line 4.
    assert packed["parts"] == {"4": [1, 3]}
    stored = [one["properties"] for one in features(pack.geojson, "fix") if one["properties"]["is_blind_report"]]
    assert len(stored) == 7
    assert {one["line"] for one in stored} == {4}


def test_the_lines_decoded_again_say_what_the_lake_says(entitled: Home, pack: Pack) -> None:
    dossier = gather(entitled, TRIP, "off_route")
    assert len(dossier.fixes) == 51 + 7 + 8
    assert dossier.disagreeing == ()
    assert "66/66" in pack.text


def test_the_track_is_this_trucks_and_says_what_it_leaves_out(pack: Pack) -> None:
    doubts = [one["properties"]["doubt"] for one in features(pack.geojson, "fix") if one["properties"]["doubt"]]
    assert sorted(doubts) == ["jump", "no_fix"]
    (track,) = features(pack.geojson, "track")
    way = track["geometry"]["coordinates"]
    assert len(way) == 66 - 2
    assert math.dist(way[0], place(0)) < 2e-6
    assert math.dist(way[-1], place(1)) < 2e-6
    assert max(x for x, _ in way) < 121.30  # the jump to 121.35 is not part of the way
    (silence,) = features(pack.geojson, "silence")
    assert silence["properties"]["seconds"] == 480
    said = [line["en"] for line in pack.collection["evidence"]["not_known"]]
    assert any("480 s" in line and "power-off or antenna alarm" in line for line in said)
    assert any("81%" in line for line in said)


def test_a_silence_that_a_later_date_gave_to_another_trip_is_not_told_of_this_one(case: Home) -> None:
    assert [gap["gap_s"] for gap in gather(case, TRIP, "off_route").gaps] == [480]
    with open_engine(case) as con:
        attach(con, case, WAREHOUSE)
        con.execute(
            """INSERT INTO warehouse.haulage.gaps
               SELECT * REPLACE (processed_date + 1 AS processed_date, 'another' AS trip_id) FROM warehouse.haulage.gaps"""
        )
    assert gather(case, TRIP, "off_route").gaps == ()


def test_the_geojson_is_rfc_7946_in_wgs84(pack: Pack) -> None:
    collection = pack.collection
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    west, south, east, north = collection["bbox"]
    assert 121.2 < west < east < 121.36
    assert 31.0 < south < north < 31.13
    for feature in collection["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert west - 1e-9 <= shape.bounds[0] <= shape.bounds[2] <= east + 1e-9
        if feature["geometry"]["type"] == "Polygon":
            assert shapely.is_ccw(shape.exterior)
    kinds = {feature["properties"]["kind"] for feature in collection["features"]}
    assert kinds == {"track", "silence", "fix", "permit_route", "site", "camera_event"}
    (route,) = features(json.dumps(collection).encode(), "permit_route")
    assert route["geometry"]["coordinates"][0] == [121.2052, 31.0048]


def test_the_pdf_has_the_rule_in_both_languages_with_law_thresholds_and_limits(pack: Pack) -> None:
    for said in (
        "走廊以外的里程占比超过上限",
        "beyond the corridor of the approved route",
        "上海市人民政府令第57号",
        "Order 16 of 2025",
        "4.213 km",
        "waste_off_route_trips",
        "truck_gps.off_route_share_max",
        "P-2026-0118",
        "09:00 – 16:00",
        "洞泾消纳场",
        "What is not known",
        "主电源断电 power off",
        "限值 limit 80 km/h",
        "2 km",
        "Terminal dark while loaded",
    ):
        assert "".join(said.split()) in pack.text, said


def test_only_camera_events_that_concern_a_load_and_were_near_are_shown(pack: Pack) -> None:
    (event,) = features(pack.geojson, "camera_event")
    facts = event["properties"]
    assert (facts["event_type"], facts["messages"], facts["event_id"]) == ("truck_uncovered", 2, "e2")
    assert facts["distance_m"] < 100
    assert facts["apart_s"] <= 300


def test_no_plate_or_number_stands_anywhere_but_in_the_raw_lines(entitled: Home) -> None:
    for trip, finding in ((TRIP, "off_route"), (CSV_TRIP, "overspeed")):
        pdf, geojson, result = made(entitled, trip, finding)
        collection = json.loads(geojson)
        for file in collection["evidence"]["files"]:
            assert any(PHONE in line or OTHER_PHONE in line for line in file.pop("lines").values())
        rest = json.dumps(collection, ensure_ascii=False)
        before_the_lines = text_of(pdf).split("原始报文")[0]
        for secret in (PLATE, OTHER_PLATE, PHONE, OTHER_PHONE):
            assert secret not in rest
            assert secret not in before_the_lines
            assert all(secret not in file["path"] for file in result["files"])
        assert "terminal'sphonenumber" in text_of(pdf)


def test_csv_lines_come_with_their_header(entitled: Home) -> None:
    _, geojson, _ = made(entitled, CSV_TRIP, "overspeed")
    (file,) = json.loads(geojson)["evidence"]["files"]
    lines = table().decode().splitlines()
    assert file["name"] == TABLE
    assert file["lines"] == {str(number): line for number, line in enumerate(lines, 1)}
    assert len(features(geojson, "fix")) == len(lines) - 1


def test_a_finding_of_low_confidence_says_on_its_face_that_it_accuses_nobody(entitled: Home, pack: Pack) -> None:
    pdf, geojson, _ = made(entitled, TRIP, "terminal_dark")
    assert "Lowconfidence:whatwasnoticedmaybeafaultandaccusesnobody" in text_of(pdf)
    assert json.loads(geojson)["evidence"]["finding"]["confidence"] == "low"
    assert "accusesnobody." not in pack.text.split("规则与法律依据")[0]


def test_the_trip_is_told_as_its_latest_processing_has_it(entitled: Home) -> None:
    trip = gather(entitled, TRIP, "off_route").trip
    assert trip["is_open"] is False
    assert trip["ended_at"].minute == BEGIN.minute + 40


def test_no_pack_rests_on_landed_bytes_that_were_changed(entitled: Home) -> None:
    (changed,) = [one for one in manifests(entitled, "truck_gps") if one.deliveries[0].name == PACKED]
    other = next(one for one in manifests(entitled, "truck_gps") if one.deliveries[0].name == CAPTURE)
    landed_path(entitled, changed).write_bytes(landed_path(entitled, other).read_bytes())
    with pytest.raises(LandingChanged):
        made(entitled)
    assert not entitled.evidence.exists()
    assert entries(entitled)[-1]["outcome"] == "refused"


def test_bytes_that_are_no_longer_kept_are_named_as_missing(entitled: Home) -> None:
    for manifest in manifests(entitled, "truck_gps"):
        landed_path(entitled, manifest).unlink()
    pdf, geojson, _ = made(entitled)
    assert all(file["missing"] and not file["lines"] for file in json.loads(geojson)["evidence"]["files"])
    assert "nolongerkept" in text_of(pdf)
    assert len(features(geojson, "fix")) == 66


def test_a_case_of_which_almost_nothing_is_known_still_makes_a_pack(entitled: Home) -> None:
    whole = gather(entitled, TRIP, "off_route")
    unknown = dict.fromkeys(
        ["carrier", "capacity_m3", "origin_site_id", "destination_site_id", "permit_id", "permit_receiving_site_id",
         "observed_share", "destination_longitude", "destination_latitude", "distance_km", "overspeed_s", "top_speed_kmh",
         "hours_outside_s", "drift_fixes", "is_registered"]
    )  # fmt: skip
    trip = {
        **whole.trip,
        **unknown,
        "permit_state": "none",
        "route_known": False,
        "end_kind": "lost",
        "load_source": None,
    }
    finding = {**whole.finding, "measure": None, "evidence_from": None, "evidence_until": None}
    for fixes in ((), whole.fixes[:1], whole.fixes[20:21]):
        bare = replace(
            whole, trip=trip, finding=finding, permit=None, sites=(), fixes=fixes, silences=(), gaps=(), alarms=(),
            sightings=(), files=(), others=(),
        )  # fmt: skip
        geojson = geojson_of(bare)
        assert [one["properties"]["kind"] for one in json.loads(geojson)["features"]] == ["fix"] * len(fixes)
        text = text_of(pdf_of(bare, "0" * 64))
        assert "toofewfixestojudge" in text


def test_markup_in_names_is_only_text(entitled: Home) -> None:
    whole = gather(entitled, TRIP, "off_route")
    name = "<b>工地</b> & <font size='99'>x"
    sites = tuple({**site, "name": name} for site in whole.sites)
    assert "".join(name.split()) in text_of(pdf_of(replace(whole, sites=sites), "0" * 64))


def test_a_trip_of_many_lines_is_laid_out_and_the_rest_is_said_to_be_in_the_geojson(entitled: Home) -> None:
    whole = gather(entitled, TRIP, "off_route")
    (file,) = [one for one in whole.files if one.name == CAPTURE]
    lines = dict.fromkeys(range(1, 3102), file.lines[1])
    many = replace(
        whole,
        files=(replace(file, lines=lines),),
        fixes=tuple(replace(whole.fixes[0], sha256=file.sha256, line=number) for number in lines),
    )
    text = text_of(pdf_of(many, "0" * 64))
    assert "101morelinesareintheGeoJSON" in text
    assert "F1:3000" in text
    assert "F1:3050" not in text  # "F1:305" is followed by its time
