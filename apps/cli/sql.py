import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, BadCall, report, table

# How DuckDB names what it does not find: "published.kpi_values", schema "published", ".published".
_PUBLISHED_MISSING = re.compile(r'"\.?published[".]', re.IGNORECASE)


def sql(
    query: Annotated[str, typer.Argument(help="One reading statement.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the lake with SQL: bronze.<table>, marts.<table>, published.<table>. Never blocks a writer.

    Example: yunjian sql "SELECT kpi_code, value FROM published.kpi_values WHERE area_code = '310117'" --json
    """
    report(
        lambda: _query(query, limit),
        as_json=as_json,
        show=lambda result: table(result["rows"], result["columns"]),
    )


def _query(query: str, limit: int | None) -> Mapping[str, Any]:
    import duckdb

    from lake.home import Home
    from lake.reader import query as read

    home = Home.current()
    try:
        return read(home, query, limit)
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        if str(home.lake) in str(error):  # DuckDB calls a damaged Parquet file invalid input too, and names it
            raise
        if not home.published_file.exists() and _PUBLISHED_MISSING.search(str(error).partition("\n")[0]):
            raise BadCall(
                "nothing has been published yet: `yunjian run` takes the inbox to the first edition, "
                "`yunjian up` starts the whole platform, with a sample district where the inbox is empty"
            ) from error
        raise BadCall(str(error)) from error
