"""Columns of geometry text: judged row by row with the other rules, and kept as WKT in WGS-84.

A contract declares such a column (`geometry: {types, within}`); the compiled rules call the function this module gives
DuckDB, once a row, and its answer has either the text to keep or the rule it breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import shapely
from duckdb.func import FunctionNullHandling, PythonUDFType

from geography.datum import DATUMS, to_wgs84
from ingestion.columns import GeometryRule
from ingestion.geometry_text import BadGeometry, parse_geometry

if TYPE_CHECKING:
    from ingestion.contracts import Contract

_ANSWER: Final = pa.struct([("wkt", pa.string()), ("rule", pa.string())])


def geometry_as_wgs84(text: str, datum: str, rule: GeometryRule) -> str:
    """`text` (WKT or GeoJSON in `datum`) as WKT in WGS-84, degrees, exact to the last bit of each coordinate.

    Every vertex goes the way of `geography.datum.to_wgs84`, the way of points. Raises BadGeometry.
    """
    geometry = parse_geometry(text, rule.types)
    places = shapely.get_coordinates(geometry)
    longitude, latitude = to_wgs84(places[:, 0], places[:, 1], datum)
    west, south, east, north = rule.within
    inside = (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
    if not inside.all():
        raise BadGeometry("geometry_out_of_region")
    places[:, 0], places[:, 1] = longitude, latitude
    moved = shapely.set_coordinates(geometry, places)
    if not shapely.is_valid(moved):
        raise BadGeometry("geometry_not_simple")
    return str(shapely.to_wkt(moved, rounding_precision=-1))


def offer_geometry(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Give `con` the functions that the contract's compiled rules call; nothing for a contract without geometry."""
    rules = {column.geometry for column in contract.columns if column.geometry is not None}
    if not rules:
        return
    known = {name for (name,) in con.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    for rule in rules:
        if rule.function not in known:
            con.create_function(
                rule.function,
                _judge(rule),
                ["VARCHAR", "VARCHAR"],
                "STRUCT(wkt VARCHAR, rule VARCHAR)",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )


def _judge(rule: GeometryRule) -> Callable[[pa.ChunkedArray, pa.ChunkedArray], pa.Array]:
    """The function of a rule over whole vectors: DuckDB calls it with some thousand rows at a time."""

    def judged(texts: pa.ChunkedArray, datums: pa.ChunkedArray) -> pa.Array:
        rows = zip(texts.to_pylist(), datums.to_pylist(), strict=True)
        return pa.array([_answer(text, datum, rule) for text, datum in rows], _ANSWER)

    return judged


def _answer(text: str | None, datum: str | None, rule: GeometryRule) -> dict[str, str | None] | None:
    if text is None:
        return None
    try:
        # A datum that does not exist is refused as such by its own column's rule.
        return {"wkt": geometry_as_wgs84(text, datum if datum in DATUMS else "WGS84", rule), "rule": None}
    except BadGeometry as bad:
        return {"wkt": None, "rule": bad.rule}
