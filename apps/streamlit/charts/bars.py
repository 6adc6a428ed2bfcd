"""Horizontal bars: one a category, or stacked by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import altair as alt
import polars as pl

from apps.streamlit.charts import palette


def bars(
    frame: pl.DataFrame,
    *,
    value_title: str,
    value_format: str,
    target: float | None = None,
    order: Sequence[str] | None = None,
    step: int = 26,
) -> alt.LayerChart:
    """A bar per `label`, longest first or in the given order, with its number: phones have no pointer to hover with.

    `frame`: label, value (NULL = not published), shown (ready text), optionally note (behind the number).
    """
    if "note" not in frame.columns:
        frame = frame.with_columns(note=pl.lit(""))
    frame = frame.with_columns(words=pl.concat_str("shown", "note", separator="  ").str.strip_chars())
    rows = frame.sort(["value", "label"], descending=[True, False], nulls_last=True)
    order = list(order or rows["label"].to_list())
    y = alt.Y(
        "label:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False, labelOverlap=False)
    )
    longest = max([value for value in rows["value"].to_list() if value is not None] + [target or 0.0])
    room = 1.45 if (frame["note"] != "").any() else 1.22  # for the words behind the longest bar
    scale = alt.Scale(domain=[0, longest * room or 1.0], nice=False)
    x = alt.X("value:Q", title=value_title, scale=scale, axis=alt.Axis(format=value_format, tickCount=4))
    tooltip = [alt.Tooltip("label:N", title=" "), alt.Tooltip("shown:N", title=" ")]
    base = alt.Chart(alt.Data(values=rows.to_dicts()))
    present = (
        base.transform_filter("isValid(datum.value)")
        .mark_bar(color=palette.BLUE, height={"band": 0.68})
        .encode(x=x, y=y, tooltip=tooltip)
    )
    absent = (
        base.transform_filter("!isValid(datum.value)")
        .mark_text(align="left", dx=4, color=palette.MUTED, fontStyle="italic", fontSize=12)
        .encode(x=alt.value(0), y=y, text="shown:N", tooltip=tooltip)
    )
    numbers = (
        base.transform_filter("isValid(datum.value)")
        .mark_text(align="left", dx=4, color=palette.INK, fontSize=11.5)
        .encode(x=x, y=y, text="words:N", tooltip=tooltip)
    )
    layers: list[alt.Chart] = [present, numbers]
    layers += [absent] if frame["value"].null_count() else []
    if target is not None:
        rule = alt.Chart(alt.Data(values=[{"target": target}]))
        layers.append(rule.mark_rule(color=palette.TARGET, strokeDash=[5, 4], strokeWidth=1.5).encode(x="target:Q"))
    return (
        alt.layer(*layers)
        .properties(height=max(90, step * len(order)), width="container")
        .configure(**palette.config())
    )


def stacked(
    frame: pl.DataFrame, *, order: Sequence[str], kinds: Sequence[str], value_title: str, grey: str = ""
) -> alt.LayerChart:
    """Stacked bars with a text at the end. `frame`: label, kind, value (NULL = not published), shown, note.

    The text is the row's notes (what the bar leaves out), or its total when there are none. `grey` is the kind that is
    drawn in grey.
    """
    rows = frame.to_dicts()
    for row in rows:
        row["rank"] = kinds.index(row["kind"])
    y = alt.Y("label:N", sort=list(order), title=None,
              axis=alt.Axis(labelLimit=150, ticks=False, domain=False, labelOverlap=False))  # fmt: skip
    longest = frame.group_by("label").agg(pl.col("value").sum())["value"].max()
    scale = alt.Scale(domain=[0, float(cast(float, longest or 1.0)) * 1.32], nice=False)
    colours = ["#aab4bf" if kind == grey else palette.CATEGORIES[place % 8] for place, kind in enumerate(kinds)]
    base = alt.Chart(alt.Data(values=rows))
    drawn = base.transform_filter("isValid(datum.value)").mark_bar(
        height={"band": 0.7}, stroke="white", strokeWidth=0.6
    ).encode(
        x=alt.X("value:Q", title=value_title, stack="zero", scale=scale, axis=alt.Axis(format=",.0f", tickCount=4)),
        y=y,
        order=alt.Order("rank:Q"),
        color=alt.Color("kind:N", sort=list(kinds), legend=alt.Legend(title=None, columns=alt.ExprRef("width < 300 ? 2 : 3")),
                        scale=alt.Scale(domain=list(kinds), range=colours)),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("kind:N", title=" "), alt.Tooltip("shown:N", title=" ")],
    )  # fmt: skip
    totals = frame.group_by("label").agg(pl.col("value").sum(), pl.col("note").first())
    ends = alt.Chart(alt.Data(values=totals.to_dicts())).transform_calculate(
        words="datum.note ? datum.note : format(datum.value, ',.0f')"
    )
    words = ends.mark_text(align="left", dx=5, color=palette.INK, fontSize=11.5).encode(
        x=alt.X("value:Q", scale=scale), y=y, text="words:N"
    )
    return (
        alt.layer(drawn, words)
        .properties(height=max(27 * len(order), 24 * len(order) + 80), width="container")  # axis and legend are inside
        .configure(**palette.config())
    )
