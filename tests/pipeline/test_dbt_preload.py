"""What dbt does over and over is done once, with the same outcome."""

from __future__ import annotations

from datetime import date

from dbt_common.clients import agate_helper

from pipeline import dbt_preload


def test_types_of_results_are_found_as_before(monkeypatch):
    columns = ["n", "t", "d", "both"]
    data = [
        {"n": 1, "t": "005", "d": date(2026, 11, 22), "both": None},
        {"n": 2, "t": "", "d": None, "both": "null"},
    ]

    def found() -> tuple[list[str], list[tuple[object, ...]]]:
        table = agate_helper.table_from_data_flat(data, columns)
        return [type(kind).__name__ for kind in table.column_types], [tuple(row) for row in table.rows]

    before = found()
    monkeypatch.setattr(agate_helper, "build_type_tester", dbt_preload._type_tester)
    assert [found(), found()] == [before, before]
    assert agate_helper.build_type_tester({"a", "b"}) is agate_helper.build_type_tester(["b", "a"])
    assert agate_helper.build_type_tester({"a"}) is not agate_helper.build_type_tester({"a"}, ())
