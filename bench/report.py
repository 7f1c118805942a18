"""docs/performance.md and its chart, from what was measured last (bench/results/)."""

from __future__ import annotations

from typing import Any

from report_growth import growth_chart, growth_section
from results import read_results
from world import ROOT

CHART = ROOT / "docs/performance.svg"
GROWTH_CHART = ROOT / "docs/growth.svg"
PAGE = ROOT / "docs/performance.md"

HEAD = """\
# What a decision costs

Made by `make bench` from one run on one machine ({machine}, {cores} cores, Python {python}; {day}, commit {commit}). CPU time
and ratios hold from machine to machine, rates and latencies do not. The matrix, {tenants:,} tenants x 20 contacts and their ranges are loaded
into each; all {questions:,} distinct questions are asked of each, and every answer is held against ours, before anything is timed.
Rounds are interleaved; medians, with least and most.{busy}

![CPU for each decision](performance.svg)
"""
BUSY = """ The machine was busy with other things
(load average {load} on {cores} cores), so every time on this page is longer than on an idle one; the ratios are what to read."""
PEERS = """\

How the peers are set up, each as well as it honestly can be: pycasbin with one enforcer a tenant (plain), or with its filter on role and action
(FastEnforcer); Cedar with a parsed policy set and parsed entities for each tenant; Rego with policy and data loaded once; Cerbos on one core,
without audit, telemetry and request log. Cerbos keeps no people: roles and ranges travel in each question. In a batch, Cerbos 0.55
answers two items with one subject and one resource id by the properties of only one of them (9 of 20,000 answers were wrong, some of
them allows), so the address is made part of the resource's id here. nginx, the no-op ASGI application and
the bare protocol (which looks for the end of the head, parses the body and checks nothing) read a request and answer a constant: they are the
floor, not peers. What ours does in that time and they do not: strict reading, who asks, why, and a record. Its CPU and memory are those of
every process that answers, records or indexes the records for search; the indexer has a process of its own, at low priority.
"""


def us(figure: dict[str, float]) -> str:
    return f"{figure['median']:.1f} ({figure['min']:.1f} .. {figure['max']:.1f})"


def chart(bars: list[tuple[str, float]]) -> str:
    """Horizontal bars, each as long as the logarithm of its figure says; the figures stand beside them."""
    from math import log10

    most, row = max(figure for _, figure in bars), 26
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {row * len(bars) + 30}" font-family="sans-serif" font-size="13">',
        '<text x="0" y="14" fill="#555">microseconds of CPU for each decision, logarithmic</text>',
    ]
    for at, (name, figure) in enumerate(bars):
        y = 24 + at * row
        width = 360 * log10(max(figure, 1) * 2) / log10(most * 2)
        colour = "#1a7f5a" if name.startswith("authz") else "#8a8f98"
        lines.append(f'<text x="0" y="{y + 15}">{name.replace("&", "&amp;")}</text>')
        lines.append(f'<rect x="280" y="{y + 2}" width="{width:.0f}" height="17" rx="3" fill="{colour}"/>')
        lines.append(f'<text x="{288 + width:.0f}" y="{y + 15}">{figure:,.1f}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    compare, growth = read_results("compare"), read_results("growth")
    if compare is None:
        raise SystemExit("nothing was measured yet: make bench")
    base, machine = compare["http"]["no-op ASGI application"], compare["machine"]
    parts = [
        HEAD.format(
            busy=BUSY.format(**machine) if machine.get("load", 0.0) > machine["cores"] else "", machine=machine["processor"], cores=machine["cores"], python=machine["python"],
            day=compare["measured_on"], commit=compare["commit"], tenants=compare["tenants"], questions=compare["questions"],
        ),
        "\n## In process\n\n| engine | CPU a decision, us | ratio |\n|---|---|---|\n",
    ]  # fmt: skip
    ours = compare["engines"]["authz, core.decide"]["median"]
    for name, figure in compare["engines"].items():
        parts.append(f"| {name} | {us(figure)} | {figure['median'] / ours:.1f} x |\n")
    for many in (key for key in base if key.isdigit()):
        parts.append(
            f"\n## Over HTTP, {many} {'connection' if many == '1' else 'connections'}\n\n"
            "| server | CPU a request, us | of the no-op | rate a second | p50 ms | p99 ms | MiB |\n|---|---|---|---|---|---|---|\n"
        )
        for name, found in compare["http"].items():
            one: dict[str, Any] = found[many]
            ratio = one["cpu_us"]["median"] / base[many]["cpu_us"]["median"]
            parts.append(
                f"| {name} | {us(one['cpu_us'])} | {ratio:.2f} x | {one['rate']['median']:,.0f} | "
                f"{one['p50_us']['median'] / 1000:.2f} | {one['p99_us']['median'] / 1000:.2f} | {found['resident_mib']:.0f} |\n"
            )
    parts.append("\n## A hundred in one request\n\n| server | CPU a decision, us |\n|---|---|\n")
    for name, found in compare["http"].items():
        if "batch" in found:
            parts.append(f"| {name} | {us(found['batch']['cpu_us_per_decision'])} |\n")
    parts.append(PEERS)
    if growth is not None:
        parts.append(growth_section(growth))
        GROWTH_CHART.write_text(growth_chart(growth))
    PAGE.write_text("".join(parts))
    last = max((key for key in base if key.isdigit()), key=int)
    bars = [(name, figure["median"]) for name, figure in compare["engines"].items()]
    bars += [(f"{name} (HTTP)", found[last]["cpu_us"]["median"]) for name, found in compare["http"].items()]
    CHART.write_text(chart(bars))


if __name__ == "__main__":
    main()
