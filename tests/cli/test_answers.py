"""One JSON object on stdout, logs on stderr, and the exit codes people and scripts rely on."""

import json
import os
import stat

import pytest
import typer

from apps.cli.output import BadCall, report


def test_feeds_are_listed_from_the_contracts(yunjian):
    answer = yunjian("feeds", "--json")
    assert answer.code == 0
    feeds = {feed["feed"]: feed for feed in answer.json["feeds"]}
    assert {"detection_events", "truck_gps", "population_records", "cameras", "camera_status", "trucks"} <= feeds.keys()
    assert feeds["population_records"]["personal_data"] is True


def test_without_json_people_get_a_table(yunjian):
    answer = yunjian("feeds")
    assert answer.code == 0
    assert answer.out.splitlines()[0].split()[:2] == ["feed", "version"]


def test_an_unknown_feed_is_a_bad_call_that_names_the_known_ones(yunjian, tmp_path):
    (tmp_path / "x.csv").write_text("a\n")
    answer = yunjian("land", "parking", str(tmp_path / "x.csv"), "--json")
    assert answer.code == 2
    assert "parking" in answer.json["error"]
    assert "truck_gps" in answer.json["error"]


def test_a_missing_argument_is_a_bad_call(yunjian):
    assert yunjian("land").code == 2
    assert yunjian("run", "--from", "yesterday").code == 2
    assert yunjian("sample", "--out", "x", "--start", "2026-11-16", "--scale", "huge").code == 2


def test_publishing_before_any_build_is_refused_with_the_reason(yunjian):
    answer = yunjian("publish", "--json")
    assert answer.code == 1
    assert answer.json["status"] == "refused"
    assert answer.json["problems"]


def test_what_was_never_published_is_neither_explained_nor_restated(yunjian):
    for call in (["restate", "list"], ["explain", "incidents_total", "310117", "2026-11-16"]):
        answer = yunjian(*call, "--json")
        assert answer.code == 2
        assert answer.json["error"] == "nothing has been published yet"


def test_nobody_approves_namelessly_or_without_saying_what(yunjian):
    assert yunjian("restate", "approve", "abc", "--reason", "seen").code == 2
    assert yunjian("restate", "approve", "abc", "--by", "Wang Li").code == 2
    answer = yunjian("restate", "approve", "--by", "Wang Li", "--reason", "seen", "--json")
    assert answer.code == 2
    assert "say which" in answer.json["error"]


def test_an_empty_home_is_no_illness(yunjian):
    answer = yunjian("doctor", "--json")
    assert [check for check in answer.json["checks"] if check["status"] == "wrong"] == []
    assert answer.json["healthy"] is True
    assert answer.code == 0


def test_what_the_work_prints_does_not_reach_the_result(capfd):
    def work():
        print("from Python")
        import os

        os.write(1, b"from a child process\n")
        return {"answer": 42}

    report(work, as_json=True, show=lambda _: None)
    out, err = capfd.readouterr()
    assert json.loads(out) == {"answer": 42}
    assert "from Python" in err
    assert "from a child process" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadCall("no such day"), 2),
        (FileNotFoundError("no such file"), 2),
        (KeyError("no such feed"), 2),
        (TimeoutError("locked"), 1),
    ],
)
def test_an_error_is_one_line_and_its_exit_code_says_whose_fault(home, capfd, error, code):
    def work():
        raise error

    with pytest.raises(typer.Exit) as stopped:
        report(work, as_json=True, show=lambda _: None)
    assert stopped.value.exit_code == code
    out, err = capfd.readouterr()
    assert json.loads(out)["error"] == error.args[0]
    assert f"error: {error.args[0]}" in err
    assert "Traceback" not in err
    assert "Traceback" in (home.logs / "cli.log").read_text()


def test_on_a_fresh_home_there_is_nothing_to_document_and_nothing_to_rebuild(yunjian, home):
    docs = yunjian("docs", "build", "--json")
    assert (docs.code, docs.json["error"]) == (2, "nothing built yet: `yunjian build`")
    rebuilt = yunjian("rebuild", "--json")
    assert rebuilt.code == 2
    assert rebuilt.json["error"].startswith("nothing to rebuild: nothing has landed")
    assert not list(home.lake.glob("*.sqlite"))


def test_a_mistyped_path_is_a_bad_call_that_quarantine_does_not_remember(yunjian_here, tmp_path):
    answer = yunjian_here("land", "cameras", str(tmp_path / "nofile.csv"), "--json")
    assert answer.code == 2
    assert [file["reason"] for file in answer.json["files"]] == ["no_such_file"]
    assert yunjian_here("quarantine", "list", "--json").json == {"quarantine": []}


def test_what_was_called_and_went_wrong_is_kept_for_the_platforms_account_alone(home):
    def work():
        raise BadCall("no such day")

    def mode_of_the_log():
        with pytest.raises(typer.Exit):
            report(work, as_json=True, show=lambda _: None)
        return stat.S_IMODE((home.logs / "cli.log").stat().st_mode)

    before = os.umask(0o022)
    try:
        assert mode_of_the_log() == 0o600
        (home.logs / "cli.log").chmod(0o644)  # as it was made once
        assert mode_of_the_log() == 0o600
    finally:
        os.umask(before)
    assert (home.logs / "cli.log").read_text().count("BadCall: no such day") == 2
