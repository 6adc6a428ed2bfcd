"""Lines by day, with days that have no published number marked as such."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from apps.streamlit.charts import palette


def trend(
    frame: pl.DataFrame,
    *,
    value_title: str,
    order: Sequence[str],
    value_format: str = ",.0f",
    target: float | None = None,
    target_label: str = "",
    height: int = 260,
    from_zero: bool = True,
    grey: str = "",
) -> alt.LayerChart:
    """A line per series.

    `frame`: business_date, series, value (NULL breaks the line), shown and when (ready texts for the pointer), optionally
    partial (True: a part is left out, drawn hollow). `order` lists the series; a single one needs no legend. `grey` is the series that stands back.
    """
    if "partial" not in frame.columns:
        frame = frame.with_columns(partial=pl.lit(False))
    x = alt.X("business_date:T", axis=_days())
    y = alt.Y(
        "value:Q",
        title=value_title,
        axis=alt.Axis(format=value_format, tickCount=5),
        scale=alt.Scale(zero=True) if from_zero else alt.Scale(zero=False, padding=8),
    )
    legend = alt.Legend(title=None, symbolType="stroke") if len(order) > 1 else None
    colours = alt.Color(
        "series:N", sort=list(order), legend=legend,
        scale=alt.Scale(domain=list(order), range=[palette.GAP if name == grey else palette.CATEGORIES[i % 8] for i, name in enumerate(order)]),
    )  # fmt: skip
    dashes = alt.StrokeDash(
        "series:N", legend=legend,
        scale=alt.Scale(domain=list(order), range=[list(palette.DASHES[i % 8]) for i in range(len(order))]),
    )  # fmt: skip
    tooltip = [alt.Tooltip("when:N", title=" "), alt.Tooltip("series:N", title=" "), alt.Tooltip("shown:N", title=" ")]
    base = alt.Chart(_plain(frame))
    lines = base.mark_line(strokeWidth=2.2, clip=True).encode(x=x, y=y, color=colours, strokeDash=dashes)
    points = (
        base.transform_filter("isValid(datum.value) && !datum.partial")
        .mark_point(filled=True, size=38)
        .encode(x=x, y=y, color=colours, tooltip=tooltip)
    )
    gaps = (
        base.transform_filter("!isValid(datum.value)")
        .mark_tick(orient="vertical", thickness=7, height=9, color=palette.GAP, opacity=0.9, yOffset=-4)
        .encode(x=x, y=alt.value("height"), tooltip=tooltip)  # inside of the axes, whatever room a legend takes
    )
    hollow = (
        base.transform_filter("isValid(datum.value) && datum.partial")
        .mark_point(filled=False, fill="white", size=48, strokeWidth=1.6)
        .encode(x=x, y=y, color=colours, tooltip=tooltip)
    )
    layers: list[alt.Chart] = [lines, points]
    layers += [hollow] if (frame["partial"] & frame["value"].is_not_null()).any() else []
    layers += [gaps] if frame["value"].null_count() else []
    if target is not None:
        goal = alt.Chart(alt.Data(values=[{"target": target, "label": target_label}]))
        layers.append(goal.mark_rule(color=palette.TARGET, strokeDash=[5, 4], strokeWidth=1.5).encode(y="target:Q"))
        layers.append(
            goal.mark_text(align="right", baseline="bottom", dy=-3, color=palette.TARGET, fontSize=12).encode(
                x=alt.value("width"), y="target:Q", text="label:N"
            )
        )
    return alt.layer(*layers).properties(height=height, width="container").configure(**palette.config())


def coverage_strip(frame: pl.DataFrame, *, title: str, height: int = 90) -> alt.LayerChart:
    """A thin area of coverage by day. `frame`: business_date, coverage (0-1), shown, when."""
    x = alt.X("business_date:T", axis=_days())
    y = alt.Y("coverage:Q", title=title, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3))
    tooltip = [alt.Tooltip("when:N", title=" "), alt.Tooltip("shown:N", title=" ")]
    base = alt.Chart(_plain(frame))
    area = base.mark_area(color="#b3d1ee", line={"color": palette.BLUE}).encode(x=x, y=y)
    points = base.mark_point(filled=True, color=palette.BLUE, size=24).encode(x=x, y=y, tooltip=tooltip)
    return alt.layer(area, points).properties(height=height, width="container").configure(**palette.config())


def _days() -> alt.Axis:
    return alt.Axis(
        format="%m-%d", title=None, labelOverlap=True, labelFlush=False, grid=False,
        tickCount=alt.TimeIntervalStep(interval="day", step=1),
    )  # fmt: skip


def _plain(frame: pl.DataFrame) -> alt.Data:
    """Rows as plain values: a date as local midnight text, so that no browser's zone moves it to the day before."""
    days = pl.col("business_date").dt.strftime("%Y-%m-%dT00:00:00")
    return alt.Data(values=frame.with_columns(days).to_dicts())
