"""The `yunjian` command. Each command is one module, which imports what it needs only when it runs: help stays fast."""

import typer

from apps.cli import (
    build,
    docs,
    doctor,
    evidence,
    explain,
    feeds,
    geography,
    land,
    publish,
    quarantine,
    rebuild,
    restate,
    run,
    sample,
    sql,
    up,
)

app = typer.Typer(
    name="yunjian",
    help="Yunjian 云间: the governance data lake of a district.\n\nThe data root is $YUNJIAN_HOME (default ./var).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("sample")(sample.sample)
app.command("feeds")(feeds.feeds)
app.command("land")(land.land)
app.command("run")(run.run)
app.command("build")(build.build)
app.command("publish")(publish.publish)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(restate.app, name="restate")
app.command("explain")(explain.explain)
app.add_typer(evidence.app, name="evidence")
app.add_typer(docs.app, name="docs")
app.command("sql")(sql.sql)
app.add_typer(geography.app, name="geography")
app.command("doctor")(doctor.doctor)
