"""Who gets a pack, who does not, and that either is registered before anything else happens."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from evidence import register, retrieval
from evidence.entitlement import EntitlementsBroken, NotEntitled, current_user, person
from evidence.handing_out import BadPlace, hand_out
from evidence.register import RegisterBroken
from evidence.retrieval import retrieve, verify
from lake.home import Home
from tests.evidence.case_fixture import TRIP, entitle, entries

REASON = "hearing of case 2026-118"


def test_nobody_is_entitled_by_default_and_the_attempt_is_registered(case: Home) -> None:
    with pytest.raises(NotEntitled):
        retrieve(case, TRIP, "off_route", reason=REASON)
    (entry,) = entries(case)
    assert (entry["outcome"], entry["user"], entry["role"]) == ("refused", current_user(), None)
    assert entry["cause"].startswith("NotEntitled")
    assert not case.evidence.exists()


@pytest.mark.parametrize("wrong", [{"roles": "[analyst]"}, {"user": "somebody-else"}, {"roles": "[]"}])
def test_another_role_or_another_user_is_not_entitled(case: Home, wrong: dict[str, str]) -> None:
    entitle(case, **wrong)
    with pytest.raises(NotEntitled):
        retrieve(case, TRIP, "off_route", reason=REASON)
    assert entries(case)[0]["outcome"] == "refused"


def test_the_environment_does_not_say_who_somebody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = current_user()
    for name in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        monkeypatch.setenv(name, "wangli")
    assert current_user() == before


BROKEN = {
    "alias": "a: &a {name: x, unit: y, roles: [waste_enforcement]}\nb: *a\n",
    "object": "a: !!python/object/apply:os.system ['true']\n",
    "list": "- a\n",
    "more": "a: {name: x, unit: y, roles: [], sudo: true}\n",
    "role": "a: {name: x, unit: y, roles: waste_enforcement}\n",
    "empty": "a: {name: '', unit: y, roles: []}\n",
    "deep": "[" * 20_000,
    "long": "# " + "x" * 70_000 + "\n",
    "many": "".join(f"u{n}: {{name: x, unit: y, roles: []}}\n" for n in range(501)),
    "bytes": "a: \x00\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_understood_entitles_nobody(case: Home, text: str) -> None:
    entitle(case).write_text(text)
    with pytest.raises(EntitlementsBroken):
        person(case, current_user())
    with pytest.raises(EntitlementsBroken):
        retrieve(case, TRIP, "off_route", reason=REASON)
    assert entries(case)[0]["outcome"] == "refused"


def test_a_file_that_others_can_write_entitles_nobody(case: Home) -> None:
    path = entitle(case)
    path.chmod(0o664)
    with pytest.raises(EntitlementsBroken):
        person(case, current_user())
    path.chmod(0o600)
    assert person(case, current_user()).is_entitled
    path.rename(path.with_name("kept.yaml"))
    path.symlink_to("kept.yaml")
    with pytest.raises(EntitlementsBroken):
        person(case, current_user())


@pytest.mark.parametrize("reason", ["", "because", "         x", "aaaaaaaaaaaaaaaa", "x" * 5000, "\n".join("abcd")])
def test_a_reason_that_says_nothing_is_refused(case: Home, reason: str) -> None:
    entitle(case)
    with pytest.raises(ValueError, match="reason"):
        retrieve(case, TRIP, "off_route", reason=reason)
    assert entries(case)[0]["outcome"] == "refused"


@pytest.mark.parametrize(
    ("trip", "finding"),
    [("../../etc/passwd", "off_route"), ("a/b", "off_route"), ("", "off_route"), ("x" * 200, "off_route"),
     ("a..b", "off_route"), (TRIP, "../off_route"), (TRIP, "off route"), ("x'; DROP TABLE trips; --", "off_route"),
     ("沪A12345", "off_route")],
)  # fmt: skip
def test_hostile_ids_are_refused(case: Home, trip: str, finding: str) -> None:
    entitle(case)
    with pytest.raises(BadPlace):
        retrieve(case, trip, finding, reason=REASON)
    assert entries(case)[0]["outcome"] == "refused"


@pytest.mark.parametrize(
    ("trip", "finding"), [("0" * 32, "off_route"), (TRIP, "suspected_dump"), (TRIP, "no_such_finding")]
)
def test_what_was_not_found_gives_no_pack(case: Home, trip: str, finding: str) -> None:
    entitle(case)
    with pytest.raises(LookupError):
        retrieve(case, trip, finding, reason=REASON)
    assert not case.evidence.exists()


def test_packs_go_neither_upwards_nor_through_links_nor_into_the_platform(case: Home, tmp_path: Path) -> None:
    entitle(case)
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_text("")
    bad = ["", "../x", f"{tmp_path}/a/../b", f"{tmp_path}/link/x", f"{tmp_path}/file", "a\0b"]
    bad += [str(case.published), str(case.inbox / "truck_gps"), str(case.root), str(case.registers)]
    for out in bad:
        with pytest.raises(BadPlace):
            retrieve(case, TRIP, "off_route", reason=REASON, out=out)
    assert [entry["outcome"] for entry in entries(case)] == ["refused"] * len(bad)
    assert list(case.published.iterdir()) == []


def test_files_are_for_their_owner_alone_and_named_without_the_trip_in_clear(case: Home, tmp_path: Path) -> None:
    entitle(case)
    result = retrieve(case, TRIP, "off_route", reason=REASON)
    folder = case.evidence
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(Path(file["path"]).name for file in result["files"])
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert all(name.startswith("evidence_2026-11-22_off_route_") and TRIP not in name for name in names)
    assert (
        retrieve(case, TRIP, "off_route", reason=REASON)["files"] == result["files"]
    )  # the same content may lie there
    Path(result["files"][0]["path"]).write_bytes(b"something else")
    with pytest.raises(FileExistsError):
        retrieve(case, TRIP, "off_route", reason=REASON)
    assert [entry["outcome"] for entry in entries(case)][-2:] == ["handed_out", "not_delivered"]


def test_when_it_cannot_be_registered_there_are_no_files(case: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entitle(case)
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(RegisterBroken):
        retrieve(case, TRIP, "off_route", reason=REASON)
    assert not case.evidence.exists()


def _full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_no_pack_while_the_register_is_not_whole(case: Home) -> None:
    entitle(case)
    retrieve(case, TRIP, "off_route", reason=REASON)
    log = case.registers / "retrievals.jsonl"
    log.write_text(log.read_text().replace(REASON, "something else entirely"))
    with pytest.raises(RegisterBroken):
        retrieve(case, TRIP, "terminal_dark", reason=REASON)
    assert len(list(case.evidence.iterdir())) == 2


def test_the_entry_is_on_disk_before_the_files_are_handed_out(case: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entitle(case)
    seen = []

    def looking(folder: Path, files: dict[str, bytes]) -> list[Path]:
        seen.append([entry["outcome"] for entry in entries(case)])
        assert not case.evidence.exists()
        return hand_out(folder, files)

    monkeypatch.setattr(retrieval, "hand_out", looking)
    retrieve(case, TRIP, "off_route", reason=REASON)
    assert seen == [["handed_out"]]


def test_verify_tells_registered_files_from_others(case: Home, tmp_path: Path) -> None:
    entitle(case)
    result = retrieve(case, TRIP, "off_route", reason=REASON)
    paths = [Path(file["path"]) for file in result["files"]]
    answer = verify(case, paths, noted=result["register_hash"])
    assert answer["is_whole"]
    assert [file["sequences"] for file in answer["files"]] == [[1], [1]]
    other = tmp_path / "other.pdf"
    other.write_bytes(paths[0].read_bytes() + b"\n")
    assert not verify(case, [other])["is_whole"]
    assert register.verify(case).problems == []
