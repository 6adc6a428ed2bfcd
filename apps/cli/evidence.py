from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from apps.cli.output import AsJson, report, table


class _PackUnlessNamed(TyperGroup):
    """`evidence TRIP FINDING` is `evidence pack TRIP FINDING`: no trip is called like a command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["pack", *args])


app = typer.Typer(
    cls=_PackUnlessNamed,
    help="Evidence of one finding on one trip, for people who are entitled; every retrieval is registered.\n\n"
    'Example: yunjian evidence TRIP_ID off_route --reason "case 2026-118, hearing" --json',
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True},
)


@app.command()
def pack(
    trip_id: Annotated[str, typer.Argument(help="Trip, as `waste_trips` names it.")],
    finding: Annotated[str, typer.Argument(help="Finding on it, e.g. off_route.")],
    reason: Annotated[str, typer.Option(help="Why it is needed; goes into the retrieval register.")],
    out: Annotated[str | None, typer.Option(help="Folder for the files.", metavar="DIR")] = None,
    as_json: AsJson = False,
) -> None:
    """Make one PDF and one GeoJSON: track, raw frames, permit, cameras near, rule, map, and what is not known.

    Example: yunjian evidence pack TRIP_ID off_route --reason "case 2026-118, hearing" --json
    """
    report(lambda: _pack(trip_id, finding, reason, out), as_json=as_json, show=_show_pack)


@app.command()
def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of packs.", metavar="[FILE]...")] = None,
    noted: Annotated[str | None, typer.Option(help="A register hash written down elsewhere.", metavar="HASH")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the retrieval register is whole and the given files are those it registered; exit 1 if not.

    Example: yunjian evidence verify evidence_2026-11-22_off_route_*.pdf --json
    """
    report(
        lambda: _verify(files or [], noted),
        as_json=as_json,
        show=_show_verified,
        exit_code=lambda result: 0 if result["is_whole"] else 1,
    )


def _pack(trip_id: str, finding: str, reason: str, out: str | None) -> Mapping[str, Any]:
    from evidence.retrieval import retrieve
    from lake.home import Home

    return retrieve(Home.current(), trip_id, finding, reason=reason, out=out)


def _verify(files: list[Path], noted: str | None) -> Mapping[str, Any]:
    from evidence.retrieval import verify as verify_register
    from lake.home import Home

    return verify_register(Home.current(), files, noted=noted)


def _show_pack(result: Mapping[str, Any]) -> None:
    table(result["files"], ["path", "bytes", "sha256"])
    typer.echo(f"registered as {result['sequence']}, {result['register_hash']}")


def _show_verified(result: Mapping[str, Any]) -> None:
    typer.echo(f"{'whole' if result['is_whole'] else 'NOT whole'}: {result['entries']} entries, head {result['head']}")
    for problem in result["problems"]:
        typer.echo(f"  {problem}")
    table(result["files"], ["path", "is_registered", "sequences", "sha256"])
