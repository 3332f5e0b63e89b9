"""The `observatory` command.

Belongs here: words on the command line, what is printed, exit codes. Does not belong here: any work; every command
calls the library. Exit codes: 0 done, 1 a check or a claim failed, 2 wrong use, 3 a publisher failed, 4 the data is
not what its contract says.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from observatory import completion, running, sharing, sharing_inputs
from observatory import doctor as examiner
from observatory import releases as rel
from observatory.build import Workspace
from observatory.cli_exports import EXAMPLE, export
from observatory.cli_models import EngineOption, chosen, models_app
from observatory.cli_programme import app as programme_app
from observatory.cli_releases import FormatOption, releases_app
from observatory.cli_site import site_app
from observatory.cli_status import status
from observatory.errors import ObservatoryError, UsageError, of_storage
from observatory.safe_text import json_escapes
from observatory.settings import Settings
from observatory.tables import show, tell

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None)
sources_app = typer.Typer(no_args_is_help=True, help="The contracts with publishers.")
indicators_app = typer.Typer(no_args_is_help=True, help="The indicators and their figures.")
app.add_typer(sources_app, name="sources")
app.add_typer(indicators_app, name="indicators")
survey_app = typer.Typer(no_args_is_help=True, help="Firm surveys: reading extracts, keeping and forgetting answers.")
app.add_typer(releases_app, name="releases")
app.add_typer(site_app, name="site")
app.add_typer(models_app, name="models")
app.add_typer(survey_app, name="survey")
app.add_typer(programme_app, name="programme")
app.command("export", epilog=EXAMPLE)(export)
app.command("status", epilog="Example: observatory status --format json")(status)

Language = Literal["es", "eu", "en"]
ReleaseOption = Annotated[
    str | None,
    typer.Option("--release", help="a release id; the latest by default", autocompletion=completion.releases),
]


@app.callback()
def root() -> None:
    """Data observatory on knowledge-intensive business services and servitization in the Basque Country."""


@app.command(epilog="Example: observatory refresh --quarter 2026Q4")
def refresh(
    quarter: Annotated[str | None, typer.Option(help="quarter to publish under; the present one by default")] = None,
    live: Annotated[bool, typer.Option("--live", help="first fetch what publishers have changed")] = False,
    engine: EngineOption = None,
) -> None:
    """Build, check and publish everything that is not up to date."""
    from observatory.progress import lines

    if quarter is not None:  # before the work, not after it
        rel.known_quarter(quarter)
    fetched = _fetch([], since_updated=True, dry_run=False) if live else 0
    with lines() as say:
        ws = Workspace(chosen(engine), progress=say)
        if ws.settings.store:
            with running.alone(ws.settings.data_dir, "observatory refresh"):
                taken = sharing_inputs.pull(ws)
                say(f"{taken} tables taken from the shared store")
        examiner.sweep_if_any(ws.settings)  # also where nothing is left to do but to clear away
        if rel.up_to_date(ws):
            from observatory import metrics

            release = rel.find(ws.settings.releases)
            metrics.unchanged(ws, release.name)
            tell(f"Nothing has changed since release {release.name}; nothing was published.")
            raise typer.Exit(fetched)
        from assets.run import refresh as run

        with running.alone(ws.settings.data_dir, "observatory refresh"):
            outcome = run(ws, quarter)
            if not (outcome.is_new or outcome.failures):  # a new release has taken them along
                sharing_inputs.push(ws)
    warnings = [c for c in outcome.checks if not c.passed and c.severity == "warning"]
    for check in warnings:
        tell(f"warning: {check.table}: {check.name}: {check.meaning}: {check.observed}", err=True)
    if outcome.failures:
        for name, error in outcome.failures.items():
            tell(f"error: {name}: {error}", err=True)
        standing = f"release {outcome.release} stands" if outcome.release else "there is no release yet"
        tell(f"Nothing was published; {standing}.", err=True)
        raise typer.Exit(max(error.exit_code for error in outcome.failures.values()))
    tell(f"{sum(c.passed for c in outcome.checks)} of {len(outcome.checks)} checks passed, {len(warnings)} warnings.")
    if outcome.is_new:
        tell(f"Published release {outcome.release}: {ws.settings.releases / str(outcome.release)}")
    else:
        tell(f"The tables are those of release {outcome.release}; nothing was published.")
    raise typer.Exit(fetched)


@app.command(epilog="Example: observatory fetch eurostat_nama_10r_3empers")
def fetch(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="ids of sources; all that can be fetched by default", autocompletion=completion.sources),
    ] = None,
    since_updated: Annotated[
        bool, typer.Option("--since-updated", help="ask for the publishers' stamps and fetch only what moved")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be fetched; store nothing")] = False,
) -> None:
    """Fetch tables from their publishers into the local store.

    A table that is not what its contract says, or not what it was, is refused and the snapshot before stays. Ends
    with 3 if a publisher failed, with 4 if a table was refused.
    """
    raise typer.Exit(_fetch(source or [], since_updated=since_updated, dry_run=dry_run))


def _fetch(wanted: Sequence[str], *, since_updated: bool, dry_run: bool) -> int:
    """Fetch, print a line a table and the sum; returns the exit code."""
    from collections import Counter

    from observatory import fetching
    from observatory.progress import lines

    ws = Workspace()
    chosen = fetching.choose(ws, wanted)
    with lines() as say, running.alone(ws.settings.data_dir, "observatory fetch"):
        clients = fetching.publishers(ws.settings)
        outcomes = fetching.fetch(ws, chosen, clients, since_updated=since_updated, dry_run=dry_run, say=say)
        sharing_inputs.push(ws)
    counts = Counter(outcome.state for outcome in outcomes)
    tell(f"{len(outcomes)} tables: " + ", ".join(f"{n} {state}" for state, n in counts.most_common()))
    errors = list(fetching.failures(outcomes))
    for error in errors:
        tell(f"error: {error}", err=True)
    return max((error.exit_code for error in errors), default=0)


@app.command(epilog="Example: observatory synthetic --check")
def synthetic(
    check: Annotated[
        bool, typer.Option("--check", help="only compare with what is embedded; ends with 4 if not")
    ] = False,
) -> None:
    """Make the embedded made-up snapshots again, byte for byte, from their seed."""
    from observatory.snapshots import Store
    from observatory.synthetic import embed

    ws = Workspace()
    store = Store(ws.settings.embedded, "embedded")
    made = list(embed.generate(ws.settings.home, ws.catalogue))
    changed = embed.differences(store, made) if check else embed.embed(store, made)
    tell(f"{len(made)} made-up tables, {sum(one.entry.bytes for one in made):,} bytes; {len(changed)} changed")
    for source in changed:
        tell(f"{'differs' if check else 'written'}: {source}", err=check)
    raise typer.Exit(4 if check and changed else 0)


@sources_app.command("list", epilog="Example: observatory sources list")
def sources_list() -> None:
    """The contracted tables, and which snapshot stands for each."""
    import pyarrow as pa

    ws = Workspace()
    rows = []
    for source in ws.catalogue.sources.values():
        pin = ws.pins.get(source.id)
        rows.append(
            {
                "source": source.id,
                "publisher": source.publisher,
                "table": source.table,
                "snapshot": pin.store.name if pin else "none yet",
                "provenance": pin.entry.provenance if pin else None,
                "updated": pin.entry.updated if pin else None,
            }
        )
    show(pa.Table.from_pylist(rows), "table")


@sources_app.command("show", epilog="Example: observatory sources show eustat_industry_accounts")
def sources_show(
    source: Annotated[str, typer.Argument(help="id of a source", autocompletion=completion.sources)],
) -> None:
    """A contract in words: what is known, what is resolved at run time and from what; and its snapshot."""
    import yaml

    from observatory import corrections, fetching, resolution

    ws = Workspace()
    (contract,) = fetching.choose(ws, [source], fetchable=False)
    tell(resolution.explain(contract))
    pin = ws.pins.get(source)
    known = [c for c in ws.catalogue.corrections if c.source == source]
    for line in corrections.explain(known, pin.entry.provenance if pin else None):
        tell(line)
    snapshot = pin.entry.model_dump(mode="json") | {"file": str(pin.store.path(pin.entry))} if pin else "none yet"
    tell(yaml.safe_dump({"snapshot": snapshot}, sort_keys=False, allow_unicode=True))


@sources_app.command("search", epilog="Example: observatory sources search empleo")
def sources_search(
    text: Annotated[str, typer.Argument(help="words in an id, a title, a dimension or a note")],
    live: Annotated[bool, typer.Option("--live", help="search Eustat's whole catalogue as well")] = False,
) -> None:
    """Contracts that speak of something; with --live also tables of Eustat's bank that have no contract."""
    from observatory import fetching

    ws = Workspace()
    for contract in fetching.search(ws, text):
        tell(f"{contract.id}  {contract.table}  {contract.title.es}")
    if live:
        for entry in fetching.publishers(ws.settings).pxweb.catalogue().values():
            if text.casefold() in f"{entry.table} {entry.title}".casefold():
                tell(f"(no contract)  {entry.table}  {entry.title}")


@sources_app.command("check", epilog="Example: observatory sources check eurostat_nama_10r_3empers")
def sources_check(
    source: Annotated[
        list[str] | None, typer.Argument(help="ids of sources; all by default", autocompletion=completion.sources)
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="ask the publisher; nothing is stored")] = False,
) -> None:
    """Whether snapshots, or with --live what publishers answer today, are what the contracts say.

    Ends with 3 if a publisher failed, with 4 if a table is not what its contract says.
    """
    from observatory import fetching

    ws = Workspace()
    chosen = fetching.choose(ws, source or [], fetchable=live)
    clients = fetching.publishers(ws.settings) if live else None
    worst = 0
    for contract in chosen:
        outcome = fetching.check(ws, contract, clients)
        tell(fetching.line(outcome), err=outcome.error is not None)
        worst = max(worst, outcome.error.exit_code if outcome.error else 0)
    raise typer.Exit(worst)


@indicators_app.command("list", epilog="Example: observatory indicators list")
def indicators_list() -> None:
    """All indicators with their question and unit."""
    import pyarrow as pa

    ws = Workspace()
    rows = [
        {"indicator": m.name, "name": m.header.name.en, "unit": m.header.unit, "question": m.header.question}
        for m in sorted(ws.models.values(), key=lambda m: m.name)
        if m.schema == "indicators"
    ]
    show(pa.Table.from_pylist(rows), "table")


@indicators_app.command("show", epilog="Example: observatory indicators show ict_emp_share --geo ES21 --format csv")
def indicators_show(
    indicator: Annotated[str, typer.Argument(help="id of an indicator", autocompletion=completion.indicators)],
    geo: Annotated[
        list[str] | None, typer.Option(help="place, e.g. ES21; may be repeated", autocompletion=completion.places)
    ] = None,
    period: Annotated[list[str] | None, typer.Option(help="year or window, e.g. 2015; may be repeated")] = None,
    variant: Annotated[list[str] | None, typer.Option(help="variant; may be repeated")] = None,
    comparator: Annotated[list[str] | None, typer.Option(help="place compared with; may be repeated")] = None,
    release: ReleaseOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="a quarter, e.g. 2026Q3: the figures as they stood at its end")
    ] = None,
    form: FormatOption = None,
) -> None:
    """Published figures of one indicator, with status, interval, provenance and sources."""
    from observatory import revisions
    from observatory.reading import indicator as read

    if release and as_of:
        raise UsageError("--release and --as-of both choose a release", remedy="Give one of them")
    ws = Workspace()
    wanted = {"geo": geo, "period": period, "variant": variant, "comparator": comparator}
    folders = sharing.releases(ws.settings, None if as_of else [release] if release else [])
    folder = revisions.as_of(folders, as_of) if as_of else rel.find(folders, release)
    table, title = read(folder, indicator, {column: values for column, values in wanted.items() if values})
    show(table, form, title)


@app.command(epilog="Example: observatory explain ict_emp_share --geo ES21 --period 2015")
def explain(
    indicator: Annotated[str, typer.Argument(help="id of an indicator", autocompletion=completion.indicators)],
    geo: Annotated[str | None, typer.Option(help="place, e.g. ES21", autocompletion=completion.places)] = None,
    period: Annotated[str | None, typer.Option(help="year or window, e.g. 2015 or 2008/2024")] = None,
    variant: Annotated[str | None, typer.Option(help="variant, where there are several")] = None,
    comparator: Annotated[str | None, typer.Option(help="place compared with, where there are several")] = None,
    activity: Annotated[str | None, typer.Option(help="activity, where there are several")] = None,
    release: ReleaseOption = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="text or json")] = "text",
) -> None:
    """Where a published figure comes from: its formula with the numbers, and every cell of a publisher behind it.

    The keys of the JSON are described in observatory/lineage.py.
    """
    import json

    from observatory import lineage, lineage_text

    asked = {"variant": variant, "geo": geo, "activity": activity, "period": period, "comparator": comparator}
    document = lineage.explain(Workspace(), indicator, asked, release)
    if form == "json":
        tell(json_escapes(json.dumps(document, ensure_ascii=False, indent=1)))
    else:
        for line in lineage_text.lines(document):
            tell(line)


@app.command(epilog="Example: observatory claims")
def claims(release: ReleaseOption = None, form: FormatOption = None) -> None:
    """The journal's statements beside our figures: reproduced, revised since, or not tested on real data.

    Ends with 1 if a verdict differs from the one in the release before, and says which.
    """
    import pyarrow as pa

    from observatory import claims as ledger

    ws = Workspace()
    folder = rel.find(sharing.releases(ws.settings), release)
    verdicts = ledger.judge(ws.catalogue.claims, folder)
    show(pa.Table.from_pylist([ledger.row(v) for v in verdicts]), form, f"Statements against release {folder.name}")
    if changed := ledger.changed(rel.before(folder), verdicts):
        for line in changed:
            tell(f"changed: {line}", err=True)
        raise typer.Exit(1)


@survey_app.command(
    "validate", epilog="Example: observatory survey validate extract.xlsx --wave survey_servitization_2018"
)
def survey_validate(
    file: Annotated[Path, typer.Argument(help="the extract: CSV or XLSX")],
    wave: Annotated[str | None, typer.Option(help="id of the wave; may be left out while there is only one")] = None,
    language: Annotated[Language, typer.Option(help="es, eu or en")] = "es",
) -> None:
    """Say row by row what of an extract is accepted, repaired under a named rule, or refused; nothing is stored.

    Ends with 4 if a row is refused or the file cannot be read.
    """
    from observatory import survey_store
    from observatory.formats import survey

    ws = Workspace()
    waves = list(ws.catalogue.codebooks)
    book = survey_store.codebook(ws, wave or (waves[0] if len(waves) == 1 else ""))
    report = survey.read(survey_store.extract(file), book, name=file.name)
    tell(survey.render(report, language))
    raise typer.Exit(4 if report.accepted.num_rows < len(report.rows) or not report.rows else 0)


@survey_app.command("add", epilog="Example: observatory survey add survey_servitization_2020 extract.csv")
def survey_add(
    wave: Annotated[str, typer.Argument(help="id of the wave: the name of its codebook")],
    file: Annotated[Path, typer.Argument(help="the extract: CSV or XLSX")],
) -> None:
    """Put an extract into the private store, readable by its owner alone; only estimates of it are ever published."""
    from observatory import survey_store

    ws = Workspace()
    accepted, refused = survey_store.add(ws, wave, survey_store.extract(file), file.name)
    tell(f"{wave}: {accepted} firms accepted, {refused} rows refused; kept in {ws.settings.restricted}")


@survey_app.command("forget", epilog="Example: observatory survey forget survey_servitization_2020")
def survey_forget(wave: Annotated[str, typer.Argument(help="id of the wave")]) -> None:
    """Remove a wave's answers from this machine; its estimates stay, with the proof of what they came from."""
    from observatory import survey_store

    made = survey_store.forget(Workspace(), wave)
    tell(f"{wave}: the answers are gone. {made.note}")


@app.command(epilog="Example: observatory doctor --repair")
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="put right what can be without losing anything")] = False,
) -> None:
    """Look at snapshots, build, database, releases and the machine, and say what is wrong and what to do.

    A repair deletes only what a refresh makes again and what a killed run left half written. Ends with 1 if something
    is wrong that was not put right.
    """
    settings = Settings()
    findings = examiner.examine(settings)
    if repair:
        for line in examiner.repair(settings, findings):
            tell(line)
        findings = examiner.examine(settings)
    for found in findings:
        tell(f"{found.place}: {found.fault}. {found.remedy}.", err=True)
    if findings:
        raise typer.Exit(1)
    tell("Nothing is wrong.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command: runs it and turns an expected failure into one line and its exit code."""
    # importing makes millions of objects that stay: collecting among them costs a tenth of a refresh
    gc.set_threshold(500_000, 20, 50)
    try:
        app(args=list(arguments) if arguments is not None else None)
    except ObservatoryError as error:
        tell(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        said = of_storage(error)
        tell(f"error: {said}", err=True)
        sys.exit(said.exit_code)
