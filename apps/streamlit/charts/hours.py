"""Columns by hour of the day."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import altair as alt

from apps.streamlit.charts import palette


def hours(
    counts: Mapping[int, int], chosen: Collection[int], *, value_title: str, words: Mapping[int, str], height: int = 170
) -> alt.LayerChart:
    """A column an hour (0-23) with its number; hours that are not `chosen` stand back in grey.

    `counts` holds the hours that have any, `words` a ready text for each hour.
    """
    rows = [
        {"hour": f"{hour:02}", "value": counts.get(hour, 0), "chosen": hour in chosen, "words": words[hour]}
        for hour in range(24)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=4, ticks=False)),
        y=alt.Y("value:Q", title=value_title, axis=alt.Axis(format=",.0f", tickCount=3, tickMinStep=1)),
        tooltip=[alt.Tooltip("words:N", title=" ")],
    )
    columns = base.mark_bar(width={"band": 0.75}).encode(
        color=alt.condition("datum.chosen", alt.value(palette.TARGET), alt.value(palette.GRID))
    )
    numbers = base.transform_filter("datum.value > 0").mark_text(dy=-7, color=palette.INK, fontSize=11).encode(
        text=alt.Text("value:Q", format=",.0f")
    )  # fmt: skip
    return alt.layer(columns, numbers).properties(height=height, width="container").configure(**palette.config())
