"""Figures of the last run for a monitor, as a file in Prometheus' text format (version 0.0.4).

Belongs here: names, units and text of the figures. Does not belong here: a server (point node_exporter's textfile
collector at the file), the verdict (status.py).

Times are seconds since 1970, durations seconds, as Prometheus' naming rules ask. The file appears whole or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from observatory import atomic, quality, runs
from observatory.build import Workspace
from observatory.status import STATES, Status, gather

Sample = tuple[Mapping[str, str], float]


def write(ws: Workspace) -> Path:
    """Write the figures of how things stand now; returns the file."""
    atomic.write_text(ws.settings.metrics, "".join(text(ws, gather(ws))))
    return ws.settings.metrics


def unchanged(ws: Workspace, release: str) -> Path:
    """Write them after a refresh that found nothing to do, which is a run that ended well."""
    begun = runs.begin(ws.settings, str(uuid.uuid4()), "refresh")
    runs.end(ws.settings, begun, ok=True, release=release)
    return write(ws)


def text(ws: Workspace, status: Status) -> Iterator[str]:
    """The file's families, one after another. A figure that is not known has no line."""
    run = status.last_run
    if run is not None:
        yield family("refresh_success", "Whether the last refresh ended well", [({}, float(bool(run.ok)))])
        if run.ended_at is not None and run.seconds is not None:
            yield family("refresh_end_timestamp_seconds", "When it ended", [({}, _epoch(run.ended_at))])
            yield family("refresh_duration_seconds", "How long it took", [({}, run.seconds)])
        yield family("refresh_failures", "Tables and checks that stopped it", [({}, float(len(run.failures)))])
        seconds = [
            ({"table": str(line["table"])}, float(line["seconds"]))
            for line in runs.lines(ws.settings, run.run)
            if line["event"] == "table made"
        ]
        yield family("table_duration_seconds", "How long the last refresh took for a table it made", seconds)
    rows = [({"table": name}, float(made.rows)) for name in ws.relations if (made := ws.made(name)) is not None]
    yield family("table_rows", "Rows of a table of the present build", rows)
    counts = status.counts()
    states = [({"state": state}, float(counts.get(state, 0))) for state in STATES]
    yield family("sources", "Contracted tables by state", states)
    refused = [({"source": t.source}, 1.0) for t in status.tables if t.state == "refused"]
    yield family("source_refused", "Tables that are refused, by name", refused)
    checks = [(c.passed, c.severity) for c in quality.results(ws, complete=False)]
    for passed in (True, False):
        found = [
            ({"severity": severity}, float(checks.count((passed, severity)))) for severity in ("critical", "warning")
        ]
        name = "checks_passed" if passed else "checks_failed"
        yield family(name, f"Checks of the present build that {'held' if passed else 'did not hold'}", found)
    if status.release is not None and status.published_at is not None:
        yield family("last_release_timestamp_seconds", "When it was published", [({}, _epoch(status.published_at))])
        yield family("last_release_info", "The release that stands", [({"release": status.release}, 1.0)])


def family(name: str, says: str, samples: Iterable[Sample]) -> str:
    """One family of gauges: help, type and a line a sample, labels escaped; nothing where there is no sample."""
    lines = [f"observatory_{name}{_labels(labels)} {value:.17g}\n" for labels, value in samples]
    if not lines:
        return ""
    return f"# HELP observatory_{name} {says}\n# TYPE observatory_{name} gauge\n" + "".join(lines)


def _labels(labels: Mapping[str, str]) -> str:
    def escape(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    inside = ",".join(f'{name}="{escape(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
