"""The part of docs/performance.md about what grows with what, and its chart."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any, NamedTuple

WIDTH, HEIGHT, LEFT, TOP = 320, 150, 44, 40

SECTION = """\

## Growth

![What grows with what](growth.svg)

| tenants | contacts | `core.decide` | body to answer bytes | made in | memory | `authz diff` |
|---|---|---|---|---|---|---|
{tenants}

A decision is the same handful of look-ups however many tenants there are; what grows is how often one of them misses the processor's caches.
That is where the curve bends: when the people no longer fit into them, between 1,000 and 50,000 tenants; beyond that nearly every look-up misses, and
the curve is flat again. 500,000 tenants are simulated, with two contacts each. Time and memory here are those of the made-up
world, with the questions and what the peers are given; `python bench/registry_size.py` and `python bench/at_scale.py` measure what a service needs
(docs/decisions/0008-a-million-people.md). `authz diff` is the CPU time of comparing two folders that were never compiled before, with a file of
ranges for each tenant of which one line changed: a second to start and to judge the table, then the reading of the files.

| network lines of a tenant | `core.decide` | compiled in |
|---|---|---|
{lines}

The line that holds an address is found by halving, so a hundred times the lines cost a few steps more; compiling a tenant's lines takes
their number times its logarithm.

| facts of the set on each action | `core.decide` |
|---|---|
{facts}

The bend is at the first: with a fact of the set on its line a question leaves the short way, and what the expressions read is put together once. Each further
expression costs its own evaluation.

| questions in one request | CPU a decision, over HTTP |
|---|---|
{batches}

What a request costs by itself (the kernel, framing, the caller) is shared by its questions: most of the gain is there with ten. Beyond a
hundred the curve rises a little: the answers and records of one request no longer stay in the caches until they are sent and written.
"""


class Panel(NamedTuple):
    """One small chart: a line for each series over a logarithmic axis."""

    title: str
    xs: Sequence[float]
    series: dict[str, Sequence[float]]


def growth_section(growth: dict[str, Any]) -> str:
    """The tables, with the place where each curve bends explained."""
    return SECTION.format(
        tenants="\n".join(_by_tenants(one) for one in growth["tenants"]),
        lines="\n".join(
            f"| {one['lines']:,} | {one['decide_us']:.1f} us | {one['made_ms']:.0f} ms |" for one in growth["lines"]
        ),
        facts="\n".join(f"| {one['facts']} | {one['decide_us']:.1f} us |" for one in growth["facts"]),
        batches="\n".join(f"| {one['questions']:,} | {one['decision_us']:.1f} us |" for one in growth["batches"]),
    )


def _by_tenants(one: dict[str, Any]) -> str:
    compared = f"{one['diff_s']:.1f} s" if "diff_s" in one else "not measured"
    return (
        f"| {one['tenants']:,} | {one['contacts']:,} | {one['decide_us']:.1f} us | {one['body_to_bytes_us']:.1f} us | "
        f"{one['made_s']:.1f} s | {one['memory_mib']:,.0f} MiB | {compared} |"
    )


def growth_chart(growth: dict[str, Any]) -> str:
    """Four panels, two in a row."""
    tenants, lines, facts, batches = growth["tenants"], growth["lines"], growth["facts"], growth["batches"]
    panels = [
        Panel(
            "tenants",
            [one["tenants"] for one in tenants],
            {
                "core.decide": [one["decide_us"] for one in tenants],
                "body to bytes": [one["body_to_bytes_us"] for one in tenants],
            },
        ),
        Panel(
            "network lines of a tenant",
            [one["lines"] for one in lines],
            {"core.decide": [one["decide_us"] for one in lines]},
        ),
        Panel(
            "facts on each action",
            [one["facts"] for one in facts],
            {"core.decide": [one["decide_us"] for one in facts]},
        ),
        Panel(
            "questions in one request",
            [one["questions"] for one in batches],
            {"CPU a decision over HTTP": [one["decision_us"] for one in batches]},
        ),
    ]
    step_x, step_y = WIDTH + LEFT + 40, HEIGHT + TOP + 44
    drawn = [_panel(panel, at % 2 * step_x, at // 2 * step_y) for at, panel in enumerate(panels)]
    size = f"0 0 {2 * step_x} {2 * step_y}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, *drawn, "</svg>", ""])


def _panel(panel: Panel, left: float, top: float) -> str:
    wide = min(panel.xs) > 0
    places = [log10(x) if wide else x for x in panel.xs]
    most = max(max(ys) for ys in panel.series.values())
    across = [LEFT + WIDTH * (at - places[0]) / (places[-1] - places[0]) for at in places]
    lines = [
        f'<g transform="translate({left:.0f} {top:.0f})">',
        f'<text x="{LEFT}" y="14" fill="#555">microseconds, by {panel.title}</text>',
        f'<path d="M{LEFT} {TOP}V{TOP + HEIGHT}H{LEFT + WIDTH}" fill="none" stroke="#8a8f98"/>',
        f'<text x="{LEFT - 6}" y="{TOP + 8}" text-anchor="end">{most:,.1f}</text>',
        f'<text x="{LEFT - 6}" y="{TOP + HEIGHT}" text-anchor="end">0</text>',
    ]
    for x, at in zip(panel.xs, across, strict=True):
        lines.append(f'<text x="{at:.0f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{x:,}</text>')
    for number, (name, ys) in enumerate(panel.series.items()):
        colour = ("#1a7f5a", "#3b5ea8")[number]
        points = [(at, TOP + HEIGHT * (1 - y / most)) for at, y in zip(across, ys, strict=True)]
        path = " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.0f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        lines.append(f'<text x="{LEFT + 8 + 110 * number}" y="{TOP - 5}" fill="{colour}">{name}</text>')
    return "\n".join([*lines, "</g>"])
