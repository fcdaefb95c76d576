"""Charts of what holds step by step, as SVG. The library is loaded when the first one is drawn, and only here."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise
from typing import Final, TypeAlias

from aws_lambda_powertools.event_handler import Response

MEDIA_TYPE: Final = "image/svg+xml"
WIDTH: Final = 960
HEIGHT: Final = 400
_COLOURS: Final = (
    *("#e41a1c", "#377eb8", "#4daf4a", "#984ea3", "#ff7f00", "#a65628", "#f781bf", "#999999", "#17becf"),
)
"""The library knows five."""

StepSeries: TypeAlias = tuple[str, Sequence[tuple[datetime, float | None]]]
"""A name, and values from a moment on until that of the next; None where there is none."""


def chart_response(svg: str) -> Response[str]:
    """The drawing as an answer."""
    return Response(200, MEDIA_TYPE, svg)


def step_chart(title: str, unit: str, start: datetime, end: datetime, series: Sequence[StepSeries]) -> str:
    """Draw the series over [start, end), one colour each. Times are UTC."""
    import leather  # noqa: PLC0415  a tenth of a second that only charts should cost

    lines = [(name, list(_corners(steps, start, end))) for name, steps in series]
    values = [value for _, corners in lines for _, value in corners if value is not None]
    chart = leather.Chart(title)
    chart.add_x_scale(_naive(start), _naive(end))
    chart.add_y_scale(0, max(values, default=0) * 1.1 or 1)
    pattern = _pattern(end - start)
    chart.add_x_axis(name="UTC", tick_formatter=lambda moment, *_: moment.strftime(pattern))
    chart.add_y_axis(name=unit)
    for (name, corners), colour in zip(lines, cycle(_COLOURS), strict=False):
        if any(value is not None for _, value in corners):
            chart.add_line(corners, name=name, stroke_color=colour)
    if not values:
        chart.add_line([(_naive(start), 0), (_naive(end), 0)], name="no limit", stroke_color="none")
    return str(chart.to_svg(width=WIDTH, height=HEIGHT))


def _corners(
    steps: Sequence[tuple[datetime, float | None]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, float | None]]:
    """Both ends of every step that lies in the window."""
    for (begin, value), (stop, _) in pairwise([*steps, (end, None)]):
        if stop > start and begin < end:
            yield _naive(max(begin, start)), value
            yield _naive(min(stop, end)), value


def _pattern(span: timedelta) -> str:
    """How its moments are written."""
    if span > timedelta(days=1):
        return "%d %b %H:%M"
    return "%H:%M" if span > timedelta(minutes=10) else "%H:%M:%S"


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
