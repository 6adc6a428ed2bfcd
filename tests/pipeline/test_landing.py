from datetime import date

from pipeline.landing import land_inbox, refusals

HEADER = "plate_no,terminal_id,carrier,approved_on,valid_until\n"


def put(home, name, content):
    folder = home.inbox / "trucks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def register(day):
    return (HEADER + f"沪A1234{day},01391234567{day},东明渣土,2026-01-01,2027-01-01\n").encode()


def test_one_refused_file_does_not_stop_the_others_and_is_named(home):
    put(home, "trucks_2026-11-16_a.csv", b"\xff\xfe\x00\x00 no register")
    put(home, "trucks_2026-11-17_b.csv", register(7))
    report = land_inbox(home, "trucks", "r1")
    assert [file["status"] for file in report["files"]] == ["rejected", "landed"]
    (line,) = refusals(report)
    assert line.startswith("feed trucks, file trucks_2026-11-16_a.csv, date 2026-11-16: ")


def test_only_files_of_the_given_dates_land_and_the_others_wait(home):
    for day in (6, 7, 8):
        put(home, f"trucks_2026-11-1{day}.csv", register(day))
    put(home, "trucks_undated.csv", register(9))
    report = land_inbox(home, "trucks", "r1", from_date=date(2026, 11, 17), to_date=date(2026, 11, 17))
    assert [file["file"].rsplit("/")[-1] for file in report["files"]] == ["trucks_2026-11-17.csv"]
    report = land_inbox(home, "trucks", "r2", from_date=date(2026, 11, 18))
    assert len(report["files"]) == 1
    assert len(list((home.inbox / "trucks").iterdir())) == 2


def test_an_empty_inbox_is_an_empty_report(home):
    assert land_inbox(home, "trucks", "r1") == {"feed": "trucks", "files": []}
