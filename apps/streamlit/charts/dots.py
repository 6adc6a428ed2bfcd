"""Several measures of each row as marks on one line: what should be equal shows as far apart as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt
import polars as pl

from apps.streamlit.charts import palette

SHAPES: Final = ("square", "diamond", "circle", "triangle-up")


def dots(
    frame: pl.DataFrame, *, order: Sequence[str], kinds: Sequence[str], value_title: str, step: int = 26
) -> alt.LayerChart:
    """A line per label from its least to its greatest value, a mark per kind: told apart by shape and colour.

    `frame`: label, kind, value (NULL: no mark), shown. `order` are the labels from above, at most four `kinds`.
    """
    known = frame.filter(pl.col("value").is_not_null())
    y = alt.Y("label:N", sort=list(order), title=None, scale=alt.Scale(domain=list(order)),
              axis=alt.Axis(labelLimit=150, ticks=False, domain=False, labelOverlap=False, labelPadding=9, grid=True))  # fmt: skip
    spans = known.group_by("label").agg(low=pl.col("value").min(), high=pl.col("value").max())
    lines = alt.Chart(alt.Data(values=spans.to_dicts())).mark_rule(color=palette.GAP, strokeWidth=2).encode(
        x=alt.X("low:Q"), x2="high:Q", y=y
    )  # fmt: skip
    legend = alt.Legend(title=None, columns=4, symbolStrokeWidth=1)
    scale = {"domain": list(kinds)}
    marks = alt.Chart(alt.Data(values=known.to_dicts())).mark_point(filled=True, size=90, opacity=0.9).encode(
        x=alt.X("value:Q", title=value_title, axis=alt.Axis(format=",.0f", tickCount=4), scale=alt.Scale(zero=True)),
        y=y,
        shape=alt.Shape("kind:N", sort=list(kinds), legend=legend, scale=alt.Scale(**scale, range=list(SHAPES[: len(kinds)]))),
        color=alt.Color("kind:N", sort=list(kinds), legend=legend,
                        scale=alt.Scale(**scale, range=list(palette.CATEGORIES[: len(kinds)]))),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("kind:N", title=" "), alt.Tooltip("shown:N", title=" ")],
    )  # fmt: skip
    return (
        alt.layer(lines, marks)
        .properties(height=step * len(order) + 80, width="container")  # axis and legend are inside
        .configure(**palette.config())
    )
