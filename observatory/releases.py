"""Releases: directories that never change again, and the one pointer that moves.

Belongs here: publishing, verifying, listing and comparing releases. Does not belong here: making tables (build.py),
running checks (quality.py), pages and workbooks (publishing/).

A release is written aside, synced and renamed; then ``latest.json`` beside the directories is replaced. It refuses
to overwrite, to publish with a failed critical check, and to publish nothing new.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observatory import atomic, causes, check_report, claims, quality, sharing, sharing_inputs, snapshots
from observatory.build import Workspace
from observatory.differences import Difference, compare, render
from observatory.errors import CheckFailed, DataError, ObservatoryError, UsageError

TITLE = "KIBS and servitization observatory for Bilbao and the Basque Country"
NAME = re.compile(r"^(\d{4})Q([1-4])\.(\d+)$")
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
QUARTER = re.compile(r"^\d{4}Q[1-4]$")
TOOLS = ("dagster", "duckdb", "great-expectations", "numpy", "pandas", "pyarrow", "scipy", "sqlglot")
FIELD_TYPES = {"string": "string", "double": "number", "int64": "integer", "int32": "integer", "bool": "boolean"}


@dataclass(frozen=True)
class Published:
    """What a publication led to: the release that stands now, and whether it is new."""

    release: str
    path: Path
    is_new: bool
    differences: list[Difference]


def quarter_of(day: datetime) -> str:
    """The quarter that holds ``day``, e.g. ``2026Q4``."""
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def known_quarter(text: str) -> str:
    """The text if it is a quarter, else UsageError."""
    if not QUARTER.match(text):
        raise UsageError(f"{text!r} is not a quarter", remedy="Write it like 2026Q4")
    return text


def _order(name: str) -> tuple[int, ...]:
    match = NAME.match(name)
    return tuple(int(part) for part in match.groups()) if match else ()


def names(folder: Path) -> list[str]:
    """Release ids in ``folder``, oldest first."""
    if not folder.is_dir():
        return []
    return sorted((p.name for p in folder.iterdir() if NAME.match(p.name) and p.is_dir()), key=_order)


def latest(folder: Path) -> Path | None:
    """Directory that ``latest.json`` points to, or None before the first release.

    Raises DataError if the pointer names a release that is not there.
    """
    pointer = folder / "latest.json"
    if not pointer.exists():
        return None
    try:
        release = json.loads(pointer.read_text("utf-8"))["release"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{pointer}: not a release pointer", remedy="Run `observatory refresh`") from error
    if not NAME.match(str(release)) or not (folder / release).is_dir():
        raise DataError(f"{pointer}: points to {release}, which is not there", remedy="Restore the release directory")
    return folder / str(release)


def before(release: Path) -> Path | None:
    """The release before this one, or None for the first."""
    earlier = [name for name in names(release.parent) if _order(name) < _order(release.name)]
    return release.parent / earlier[-1] if earlier else None


def find(folder: Path, release: str | None = None) -> Path:
    """Directory of a release, the latest by default. Raises UsageError naming the releases that exist."""
    if release is None:
        if (found := latest(folder)) is None:
            raise UsageError("there is no release yet", remedy="Run `observatory refresh` first")
        return found
    if not NAME.match(release) or not (folder / release).is_dir():
        raise UsageError(f"no release {release!r}", remedy=f"Releases: {', '.join(names(folder)) or 'none yet'}")
    return folder / release


def manifest(release: Path) -> dict[str, Any]:
    """The release's ``datapackage.json``."""
    try:
        content: dict[str, Any] = json.loads((release / "datapackage.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{release}: no readable datapackage.json", remedy="Restore the release directory") from error
    for resource in content.get("resources", []):
        # a release is a folder of files: what leads out of it was written by somebody else
        for key in ("name", "path"):
            if not (isinstance(found := resource.get(key), str) and FILE.fullmatch(found)):
                raise DataError(
                    f"{release}: datapackage.json: {key}: expected the name of a file, found {found!r:.100}",
                    remedy="Restore the release directory",
                )
    return content


def resource_name(relation: str) -> str:
    """Name of a relation in a release: the table name without its schema."""
    return relation.split(".", 1)[1]


def publish(ws: Workspace, quarter: str | None = None, now: datetime | None = None) -> Published:
    """Publish the present build as ``<quarter>.<patch>``, unless it holds what the latest release holds.

    With a shared store the release goes there first, and is seen here when it is seen there.

    Raises CheckFailed if a critical check failed, UsageError for a malformed quarter, DataError for a table that
    was not built or checked, StorageError if another publisher was first in the shared store. On any failure the
    releases and the pointer are as they were.
    """
    now, asked = now or datetime.now(UTC), quarter
    quarter = known_quarter(quarter or quarter_of(now))
    results = quality.results(ws)
    if failed := [r for r in results if not r.passed and r.severity == "critical"]:
        raise CheckFailed(
            "not published: " + "; ".join(f"{r.table}: {r.name}: {r.meaning} ({r.observed})" for r in failed),
            remedy="Mend the source or the model and refresh again; the release before stands",
        )
    folder = ws.settings.releases
    standing = latest(folder)
    if standing is not None and is_current(ws):
        return Published(standing.name, standing, False, [])
    if asked is None and standing is not None and _order(f"{quarter}.0")[:2] < _order(standing.name)[:2]:
        raise UsageError(
            f"today is in {quarter} by this machine's clock, and release {standing.name} stands already",
            remedy="Set the clock, or say which quarter is meant with --quarter",
        )
    taken = [name for name in names(folder) if name.startswith(f"{quarter}.")]
    release = f"{quarter}.{_order(taken[-1])[2] + 1 if taken else 0}"
    store, published_at = sharing.store(ws.settings), now.isoformat(timespec="seconds")
    if store is None:
        differences = write(ws, folder, release, standing, results, now)
        pointer = {"release": release, "published_at": published_at}
        atomic.write_text(folder / "latest.json", json.dumps(pointer, indent=1) + "\n")
    else:
        drafts = sharing.drafts(ws.settings)
        differences = write(ws, drafts, release, standing, results, now)
        try:
            sharing_inputs.push(ws)
            sharing.publish(ws.settings, store, drafts / release, published_at)
        except ObservatoryError as error:
            ws.failures["release"] = error
            raise
    ws.progress(f"released {release}")
    return Published(release, folder / release, True, differences)


def is_current(ws: Workspace) -> bool:
    """Whether the latest release holds exactly the present build."""
    standing = latest(ws.settings.releases)
    return standing is not None and _content(resources(ws, None)) == _content(manifest(standing)["resources"])


def _content(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What makes two releases the same: everything about the tables but the files' own bytes and names."""
    return [{k: v for k, v in r.items() if k not in {"size_bytes", "hash"}} for r in found]


def write(
    ws: Workspace,
    folder: Path,
    release: str,
    standing: Path | None,
    results: list[quality.Result],
    now: datetime,
) -> list[Difference]:
    """Write a release aside, sync it, rename it into place; returns what differs from the one that stands."""
    target = folder / release
    if target.exists():
        raise DataError(f"{target}: the release exists", remedy="A release is never overwritten; publish a new patch")
    draft = folder / f".{release}.{os.getpid()}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        commit = git_commit(ws.settings.home)
        for relation in ws.models:
            _copy(ws, relation, draft / f"{resource_name(relation)}.parquet", release, commit)
        content = package(ws, draft, release, commit, now)
        _json(draft / "datapackage.json", content)
        _json(draft / check_report.RESULTS, [asdict(result) for result in results])
        titles = {relation: model.header.name.en for relation, model in ws.models.items()}
        (draft / check_report.FILE).write_text(check_report.render(results, release, titles), "utf-8")
        lock = snapshots.Lock(tables={source: pin.entry for source, pin in ws.pins.items()})
        (draft / "lock.yaml").write_text(snapshots.dump(lock), "utf-8")
        claims.write(draft, ws.catalogue.claims)
        differences = compare(ws.engine, standing, draft, manifest)
        (draft / "diff.md").write_text(render(differences, standing.name if standing else None, release), "utf-8")
        sums = [f"{atomic.sha256(p)}  {p.name}\n" for p in sorted(draft.iterdir())]
        (draft / "SHA256SUMS").write_text("".join(sums), "utf-8")
        for path in draft.iterdir():
            atomic.sync_file(path)
        atomic.sync_directory(draft)
        draft.rename(target)
        atomic.sync_directory(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return differences


def _json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", "utf-8")


def _copy(ws: Workspace, relation: str, target: Path, release: str, commit: str) -> None:
    """Copy a built table row group by row group, with the metadata that lets a lone file say what it is."""
    import pyarrow.parquet as pq

    source = pq.ParquetFile(ws.path(relation))
    header = ws.models[relation].header
    says = {
        "indicator": resource_name(relation),
        "release": release,
        "git_commit": commit,
        "unit": header.unit,
        "definition": header.definition,
    }
    schema = source.schema_arrow.with_metadata(says)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in range(source.num_row_groups):
            writer.write_table(source.read_row_group(group).replace_schema_metadata(says))


def resources(ws: Workspace, folder: Path | None) -> list[dict[str, Any]]:
    """Frictionless resources of all published tables; with bytes and hash if ``folder`` holds the files."""
    found = []
    for relation, model in ws.models.items():
        made = ws.made(relation)
        if made is None:
            raise DataError(f"{relation} has not been built", remedy="Run `observatory refresh`")
        name = resource_name(relation)
        resource: dict[str, Any] = {
            "name": name,
            "path": f"{name}.parquet",
            "title": model.header.name.en,
            "titles": model.header.name.model_dump(),
            "description": model.header.definition,
            "unit": model.header.unit,
            "caveats": model.header.caveats,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "rows": made.rows,
            "content": made.sha256,
            "relation": relation,
            "schema": {
                "fields": [
                    {"name": c, "type": FIELD_TYPES.get(kind, "string"), "description": model.columns[c]}
                    for c, kind in made.columns.items()
                ],
                "primaryKey": list(model.key),
            },
            "sources": [_citation(ws, source) for source in lineage(ws, relation)],
        }
        if folder is not None:
            path = folder / f"{name}.parquet"
            # not `bytes`: frictionless never counts the bytes of a Parquet file and would call every one wrong
            resource["size_bytes"] = path.stat().st_size
            resource["hash"] = f"sha256:{atomic.sha256(path)}"
        found.append(resource)
    return found


def lineage(ws: Workspace, relation: str) -> list[str]:
    """Source contracts that a relation is made from, through any number of models."""
    if relation.startswith("raw."):
        return [relation.removeprefix("raw.")]
    return sorted({source for name in ws.inputs(relation) for source in lineage(ws, name)})


def _citation(ws: Workspace, source: str) -> dict[str, str]:
    entry = ws.pins[source].entry
    return {
        "title": f"{entry.publisher} {entry.table}",
        "path": ws.catalogue.sources[source].url,
        "citation": entry.citation,
        "licence": entry.licence,
        "sha256": entry.sha256,
        "updated": entry.updated or "",
        "provenance": entry.provenance,
        "acquired": entry.acquired,
        "store": ws.pins[source].store.name,
    }


def package(ws: Workspace, folder: Path, release: str, commit: str, now: datetime) -> dict[str, Any]:
    """The manifest (Frictionless Data Package v2) of the files in ``folder``."""
    used = sorted({source for relation in ws.models for source in lineage(ws, relation)})
    lock = snapshots.dump(snapshots.Lock(tables={source: pin.entry for source, pin in ws.pins.items()}))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "kibs-observatory",
        "title": TITLE,
        "version": release,
        "created": now.isoformat(timespec="seconds"),
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "sources": [_citation(ws, source) for source in used],
        "lock_sha256": hashlib.sha256(lock.encode()).hexdigest(),
        "git_commit": commit,
        "tools": {tool: importlib.metadata.version(tool) for tool in TOOLS},
        **causes.facts(ws, used),
        "resources": resources(ws, folder),
    }


def git_commit(home: Path) -> str:
    """Commit of the repository, with ``-dirty`` if tracked files differ from it; ``unknown`` outside git."""
    git = shutil.which("git")
    if git is None or not (home / ".git").exists():
        return "unknown"

    def ask(*words: str) -> str:
        answer = subprocess.run([git, "-C", str(home), *words], capture_output=True, text=True, check=False)
        return answer.stdout.strip()

    commit = ask("rev-parse", "--verify", "-q", "HEAD")
    if not commit:
        return "unknown"
    return commit + ("-dirty" if ask("status", "--porcelain", "--untracked-files=no") else "")


def verify(release: Path) -> list[str]:
    """Everything that is wrong with a release directory, in words; an empty list if it is whole."""
    problems = []
    listed: dict[str, str] = {}
    sums = release / "SHA256SUMS"
    if not sums.is_file():
        return [f"{sums}: missing"]
    for line in sums.read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    present = {p.name for p in release.iterdir()} - {"SHA256SUMS"}
    problems += [f"{release / name}: missing" for name in sorted(set(listed) - present)]
    problems += [f"{release / name}: not listed in SHA256SUMS" for name in sorted(present - set(listed))]
    problems += [
        f"{release / name}: bytes differ from SHA256SUMS"
        for name in sorted(present & set(listed))
        if atomic.sha256(release / name) != listed[name]
    ]
    return problems or _verify_tables(release, manifest(release))


def _verify_tables(release: Path, content: Mapping[str, Any]) -> list[str]:
    import pyarrow.parquet as pq

    problems = []
    if content["version"] != release.name:
        problems.append(f"{release}: the manifest says {content['version']}")
    for resource in content["resources"]:
        path = release / resource["path"]
        if not path.exists():
            problems.append(f"{path}: in the manifest, not in the directory")
            continue
        rows = pq.ParquetFile(path).metadata.num_rows
        if rows != resource["rows"]:
            problems.append(f"{path}: {rows} rows, the manifest says {resource['rows']}")
        if path.stat().st_size != resource["size_bytes"]:
            problems.append(f"{path}: size differs from the manifest")
    checks = json.loads((release / "checks.json").read_text("utf-8"))
    problems += [
        f"{release}: critical check {c['table']} {c['name']} failed"
        for c in checks
        if c["severity"] == "critical" and not c["passed"]
    ]
    return problems


def up_to_date(ws: Workspace) -> bool:
    """Whether a refresh would make, check and publish nothing."""
    return not ws.stale() and ws.database_fresh() and is_current(ws)
