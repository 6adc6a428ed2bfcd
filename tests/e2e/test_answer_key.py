"""The platform against the sample district's answer key: every planted fault found, no honest row accused."""

from __future__ import annotations

import pytest

from tests.e2e.answer_key import scores
from tests.e2e.haulage_key import balance_score, night_score, trip_scores
from tests.e2e.sample import TakenDistrict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_the_platform_answers_as_the_key_says(taken_district: TakenDistrict) -> None:
    lines = scores(taken_district.home, taken_district.files / "answer_key", taken_district.report["feeds"])
    for line in lines:
        print(f"{line.right:6} right {len(line.wrong):4} wrong  {line.name}")
    assert all(line.right for line in lines)
    assert [problem for line in lines for problem in line.wrong] == []


def test_planted_violations_are_found_and_nobody_is_accused_of_what_he_did_not_do(
    taken_district: TakenDistrict,
) -> None:
    """Terminal gaps while parked, drift, stuck or encrypted positions and a wrong datum are planted, too."""
    key = taken_district.files / "answer_key"
    scored = trip_scores(taken_district.home, key)
    for line in scored.values():
        print(f"{line.finding:24} planted {line.planted:3}  precision {line.precision:.2f}  recall {line.recall:.2f}")
    assert {finding: line.false for finding, line in scored.items() if line.false} == {}
    assert {finding: line.missed for finding, line in scored.items() if line.missed} == {}
    assert len([line for line in scored.values() if line.planted]) == 11
    for line in (night_score(taken_district.home, key), balance_score(taken_district.home, key)):
        print(f"{line.right:6} right {len(line.wrong):4} wrong  {line.name}")
        assert line.right
        assert line.wrong == []


def test_planted_unreadable_files_are_the_only_ones_rejected_and_leave_the_inbox(taken_district: TakenDistrict) -> None:
    report = taken_district.report
    assert report["failures"] == []
    assert report["exit_code"] == 2  # rejected files are said aloud, and stop nothing
    assert report["publication"]["status"] == "published"
    assert [path for path in taken_district.home.inbox.rglob("*") if path.is_file()] == []


def test_no_identity_of_the_sample_reaches_lake_or_edition_in_clear(taken_district: TakenDistrict) -> None:
    people = next(taken_district.files.glob("population_records/*_p01.csv")).read_text(encoding="utf-8").splitlines()
    trucks = next(taken_district.files.glob("trucks/*.csv")).read_text(encoding="utf-8").splitlines()
    names = people[0].split(",")
    identities = set()
    for line in people[100:160]:
        row = dict(zip(names, line.split(","), strict=False))
        identities |= {row["id_number"], row["phone"]}
    head = trucks[0].split(",")
    for line in trucks[1:30]:
        row = dict(zip(head, line.split(","), strict=False))
        identities |= {row["plate_no"], row["terminal_id"].lstrip("0")}
    identities = {identity.encode() for identity in identities if len(identity) > 5}
    assert len(identities) > 100
    home = taken_district.home
    for folder in (home.lake, home.published, home.landing / "population_records", home.landing / "trucks"):
        for path in (path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            found = [identity for identity in identities if identity in content]
            assert not found, f"{path} holds {found[:3]}"
