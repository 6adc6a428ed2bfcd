import pytest

from operations.sample_inbox import SampleFailed, holds_nothing, move_sample


def put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_home_holds_nothing_until_a_file_waits_or_was_landed(home):
    assert holds_nothing(home)
    put(home.landing / ".key-fingerprints.json")
    assert holds_nothing(home), "a bookkeeping file is no landed file"
    put(home.landing / "trucks" / "ab" / "ab12.csv")
    assert not holds_nothing(home)


def test_an_unfinished_sample_is_not_landed(home):
    put(home.root / "sample" / "trucks" / "trucks_2026-11-16_1.csv")
    assert move_sample(home) == 0
    assert holds_nothing(home)


def test_a_finished_sample_goes_to_the_inbox_without_its_answer_key(home):
    put(home.root / "sample" / "trucks" / "trucks_2026-11-16_1.csv")
    put(home.root / "sample" / "answer_key" / "faults.json")
    (home.root / "sample" / ".complete").touch()
    assert move_sample(home) == 1
    assert [path.name for path in home.inbox.rglob("*.csv")] == ["trucks_2026-11-16_1.csv"]
    assert not (home.inbox / "answer_key").exists()
    assert move_sample(home) == 0, "a further start finds nothing left to move"


def test_a_sample_is_not_put_through_a_link(home, tmp_path):
    put(home.root / "sample" / "trucks" / "trucks_2026-11-16_1.csv")
    (home.root / "sample" / ".complete").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (home.inbox / "trucks").symlink_to(elsewhere)
    with pytest.raises(SampleFailed, match="trucks is a link"):
        move_sample(home)
    assert list(elsewhere.iterdir()) == []
    assert (home.root / "sample" / "trucks" / "trucks_2026-11-16_1.csv").exists()
