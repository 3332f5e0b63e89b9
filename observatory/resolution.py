"""Which of a publisher's codes is which of ours, where that cannot be known before the table is seen.

Belongs here: the rules of a contract (contract_models.py) applied to the codes and labels of one table, and what they
say in words. Does not belong here: fetching metadata (sources/), reading tables (formats/), codes that the catalogue
knows for certain (catalogue.py), the sums themselves (quality.py).

Nothing is guessed. Each rule finds exactly one code, in this order: a listed code, where the table has labels only if
its label fits; else the one label that fits, in the first language in which any does, Spanish first; else the position
in a classification, if the number of codes and the labels at named positions are right. Whatever else happens is an
error that lists the candidates, and all errors of a table come at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from observatory.contract_models import HOMES, Dimension, Labels, Order, Rule, Source
from observatory.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

LANGUAGES = {"es": "Spanish", "eu": "Basque", "en": "English"}

CodeLists = Mapping[str, Sequence[str]]
LabelLists = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By dimension and language, the label of every code."""


@dataclass(frozen=True)
class Resolution:
    """Per dimension, what a publisher's code is called here, and by what it was recognised.

    ``found`` and ``how`` are keyed by the dimension's name in the table, then by the publisher's code; a code that no
    rule names is in neither.
    """

    source: str
    found: Mapping[str, Mapping[str, str]]
    how: Mapping[str, Mapping[str, str]]

    def code(self, dimension: str, name: str) -> str | None:
        """The publisher's code of what is called ``name`` here."""
        return next((code for code, ours in self.found.get(dimension, {}).items() if ours == name), None)


@dataclass(frozen=True)
class Sum:
    """A rule of ``adds_up`` in the publisher's codes of one table."""

    dimension: str
    total: str
    parts: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]
    tolerance: float


class _Unclear(Exception):
    """One rule of one dimension found not exactly one code; the message says why."""


@dataclass(frozen=True)
class _Seen:
    """What one table says of one dimension: its codes in order, its labels by language."""

    codes: tuple[str, ...]
    labels: Mapping[str, Mapping[str, str]]

    def fits(self, code: str, label: Labels) -> bool:
        return any(_fits(pattern, self.labels[tongue].get(code)) for tongue, pattern in self.spoken(label))

    def spoken(self, label: Labels) -> list[tuple[str, str]]:
        """Languages of the table for which there is a pattern, the canonical one first."""
        return [(tongue, pattern) for tongue, pattern in label.patterns().items() if self.labels.get(tongue)]

    def show(self, codes: Iterable[str]) -> str:
        """Codes with their labels, for a message: all of them."""
        tongue = next((t for t in LANGUAGES if self.labels.get(t)), None)
        named = self.labels[tongue] if tongue else {}
        return "; ".join(f"{code} = {named[code].strip()!r}" if code in named else code for code in codes) or "none"


def resolve(source: Source, codes: CodeLists, labels: LabelLists) -> Resolution:
    """Apply a contract's rules to the codes and labels of a table.

    ``codes`` holds every dimension of the table in its order; ``labels`` by dimension, language (``es``, ``eu``,
    ``en``, or ``""`` for the publisher's own) and code. Raises DataError naming table and dimension, with all
    candidates, where a dimension was renamed or a rule is missing or ambiguous.
    """
    names = check_dimensions(source, list(codes))
    found: dict[str, Mapping[str, str]] = {}
    how: dict[str, Mapping[str, str]] = {}
    problems: list[str] = []
    for dimension in source.dimensions:
        if not dimension.is_resolved:
            continue
        name = names[dimension.code]
        spoken = {tongue or HOMES[source.publisher]: entries for tongue, entries in labels.get(name, {}).items()}
        matched, wrong = _dimension(dimension, _Seen(tuple(codes[name]), spoken))
        found[name] = MappingProxyType({code: ours for code, (ours, _) in matched.items()})
        how[name] = MappingProxyType({code: means for code, (_, means) in matched.items()})
        problems += [f"dimension {name!r}: {text}" for text in wrong]
    if problems:
        raise DataError(
            f"{source.id}: table {source.table}: " + "\n- ".join(["", *problems] if len(problems) > 1 else problems),
            remedy=f"Compare with the publisher's page and amend data/catalogue/sources/{source.id}.yaml; "
            "nothing is chosen by itself",
        )
    return Resolution(source.id, MappingProxyType(found), MappingProxyType(how))


def check_dimensions(source: Source, found: Sequence[str]) -> dict[str, str]:
    """The table's name of every dimension of the contract; they are equal after Unicode NFC, blanks and all.

    Raises DataError naming what is gone and what is new.
    """
    theirs = {_nfc(name): name for name in found}
    ours = {_nfc(d.code): d.code for d in source.dimensions}
    gone = [ours[name] for name in ours if name not in theirs]
    new = [theirs[name] for name in theirs if name not in ours]
    if not gone and not new:
        return {code: theirs[name] for name, code in ours.items()}
    if len(gone) == len(new) == 1:
        text = f"dimension {gone[0]!r} is now called {new[0]!r}"
        if gone[0].split() == new[0].split():
            text += " (only blanks differ)"
    else:
        text = f"dimensions gone: {', '.join(map(repr, gone)) or 'none'}; new: {', '.join(map(repr, new)) or 'none'}"
    raise DataError(
        f"{source.id}: table {source.table}: {text}; the table has {', '.join(map(repr, found))}",
        remedy=f"Check the publisher's page: if only the name changed, write it in data/catalogue/sources/{source.id}"
        ".yaml, else the meaning of the figures changed with it",
    )


def of_table(source: Source, table: pa.Table) -> Resolution:
    """Resolve the codes of a table as a reader of formats/ gives it (labels in ``<dimension>__label[_<language>]``)."""
    table = table.unify_dictionaries()
    expected = {_nfc(d.code) for d in source.dimensions}
    tail = {"value", "flag", "kind", "source", "provenance"}
    names = [c for c in table.column_names if (c not in tail and "__" not in c) or _nfc(c) in expected]
    codes = {name: [str(code) for code in table[name].unique().to_pylist() if code is not None] for name in names}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for name in names:
        spoken = [c for c in table.column_names if c == f"{name}__label" or c.startswith(f"{name}__label_")]
        # a code has one label, so the first row of each code says all
        firsts = table.select([name, *spoken]).take(_firsts(table[name])) if spoken else table
        for column in spoken:
            tongue = column.removeprefix(f"{name}__label").removeprefix("_")
            pairs = zip(firsts[name].to_pylist(), firsts[column].to_pylist(), strict=True)
            labels.setdefault(name, {})[tongue] = {str(code): str(label) for code, label in pairs if label is not None}
    return resolve(source, codes, labels)


def _firsts(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The first row of every code of a column."""
    import numpy as np
    import pyarrow as pa

    codes = column.combine_chunks()
    if not pa.types.is_dictionary(codes.type):
        codes = codes.dictionary_encode()
    places = codes.indices.drop_null().to_numpy(zero_copy_only=False) if codes.null_count else codes.indices.to_numpy()
    rows = np.arange(len(column))[codes.is_valid().to_numpy(zero_copy_only=False)]
    first = np.full(len(codes.dictionary), -1, np.int64)
    first[places[::-1]] = rows[::-1]
    return first[first >= 0]


def columns(resolution: Resolution, table: pa.Table) -> dict[str, pa.Array]:
    """Columns ``<dimension>__as`` for a table: our name of each row's code, null where no rule names the code.

    Dictionary arrays of text, as long as the table.
    """
    import pyarrow as pa

    table = table.unify_dictionaries()
    made: dict[str, pa.Array] = {}
    for dimension, names in resolution.found.items():
        encoded = table[dimension].combine_chunks()
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        ours = list(dict.fromkeys(names.values()))
        place = {name: at for at, name in enumerate(ours)}
        codes = encoded.dictionary.to_pylist()
        remap = pa.array([place[names[code]] if code in names else None for code in codes], pa.int32())
        made[f"{dimension}__as"] = pa.DictionaryArray.from_arrays(
            remap.take(encoded.indices), pa.array(ours, pa.string())
        )
    return made


def sums(source: Source, resolution: Resolution, codes: CodeLists) -> list[Sum]:
    """What must add up, in the publisher's codes. A rule about an optional code that the table lacks is left out."""
    names = check_dimensions(source, list(codes))
    made = []
    for rule in source.adds_up:
        dimension = names[rule.dimension]
        total = _theirs(resolution, codes, dimension, (rule.total,))
        others = tuple(c for c in codes[dimension] if c not in total)
        parts = others if rule.parts == "all" else _theirs(resolution, codes, dimension, rule.parts)
        where = {names[d]: _theirs(resolution, codes, names[d], wanted) for d, wanted in rule.where.items()}
        whole = len(parts) == len(others if rule.parts == "all" else rule.parts)
        if total and parts and whole and all(where.values()):
            made.append(Sum(dimension, total[0], parts, where, rule.tolerance))
    return made


def _theirs(resolution: Resolution, codes: CodeLists, dimension: str, wanted: Sequence[str]) -> tuple[str, ...]:
    known = resolution.found.get(dimension, {})
    own = {ours: code for code, ours in known.items()}
    return tuple(own.get(name, name) for name in wanted if name in own or (name in codes[dimension] and not known))


Matched = dict[str, tuple[str, str]]


def _dimension(dimension: Dimension, seen: _Seen) -> tuple[Matched, list[str]]:
    """Publisher's code → (our name, by what), and what is wrong."""
    matched: Matched = {}
    problems: list[str] = []
    for rule in dimension.resolve:
        try:
            hit = _rule(rule, seen)
        except _Unclear as unclear:
            problems.append(str(unclear))
            continue
        if hit is None:
            continue
        code, means = hit
        if code in matched:
            problems.append(f"{rule.name!r} and {matched[code][0]!r} both find {seen.show([code])}")
        matched.setdefault(code, (rule.name, means))
    rest = [code for code in seen.codes if code not in matched]
    for pattern in dimension.same:
        alike = [code for code in rest if fnmatchcase(code, pattern)]
        if not alike:
            problems.append(f"no code is {pattern!r}; there are {seen.show(seen.codes)}")
        matched.update({code: (code, "code") for code in alike})
    rest = [code for code in rest if code not in matched and code not in dimension.exclude]
    if dimension.order and not problems:
        try:
            matched.update(_in_order(dimension.order, rest, seen))
            rest = []
        except _Unclear as unclear:
            problems.append(str(unclear))
    if dimension.complete and rest and not problems:
        problems.append(f"{len(rest)} code(s) that no rule explains: {seen.show(rest)}")
    return matched, problems


def _rule(rule: Rule, seen: _Seen) -> tuple[str, str] | None:
    """The one code of a rule and by what it was found; None for an optional one that is not there."""
    listed = [code for code in seen.codes if _nfc(code) in {_nfc(c) for c in rule.codes}]
    label = rule.label if rule.label and seen.spoken(rule.label) else None
    if label is None:
        if not rule.codes:
            tongues = ", ".join(LANGUAGES[t] for t in rule.label.patterns()) if rule.label else ""
            raise _Unclear(f"{rule.name!r} is known by its label alone, and the table has no labels in {tongues}")
        return _only(rule, listed, "code", seen)
    if confirmed := [code for code in listed if seen.fits(code, label)]:
        return _only(rule, confirmed, "code and label", seen)
    hits, means = _by_label(label, seen)
    if listed:
        where = f"that label is now at {seen.show(hits)}" if hits else "no label fits"
        raise _Unclear(f"{rule.name!r} should be {_either(rule.codes)}, but {seen.show(listed)} and {where}")
    return _only(rule, hits, means, seen)


def _only(rule: Rule, hits: Sequence[str], means: str, seen: _Seen) -> tuple[str, str] | None:
    if len(hits) == 1:
        return hits[0], means
    if hits:
        raise _Unclear(f"{rule.name!r} is ambiguous, {len(hits)} codes fit: {seen.show(hits)}")
    if rule.optional:
        return None
    raise _Unclear(f"nothing fits {rule.name!r} ({_rule_words(rule)}); there are {seen.show(seen.codes)}")


def _by_label(label: Labels, seen: _Seen) -> tuple[list[str], str]:
    """Codes whose label fits, in the first language in which any does, and that language in words."""
    for tongue, pattern in seen.spoken(label):
        if hits := [code for code in seen.codes if _fits(pattern, seen.labels[tongue].get(code))]:
            return hits, f"{LANGUAGES[tongue]} label"
    return [], ""


def _in_order(order: Order, rest: Sequence[str], seen: _Seen) -> Matched:
    items = [i for i in order.items if i not in order.absent] if len(rest) < len(order.items) else list(order.items)
    if len(rest) != len(items):
        raise _Unclear(f"{len(order.items)} items expected in order, {len(rest)} codes left: {seen.show(rest)}")
    wrong = []
    for item, label in order.labels.items():
        if item in items and not seen.fits(code := rest[items.index(item)], label):
            wrong.append(f"{item!r} would be {seen.show([code])}, whose label does not fit {_labels_words(label)}")
    if wrong:
        raise _Unclear(f"not in the expected order: {'; '.join(wrong)}; the codes left: {seen.show(rest)}")
    return {code: (item, "position") for code, item in zip(rest, items, strict=True)}


def _fits(pattern: str, label: str | None) -> bool:
    return label is not None and re.search(_nfc(pattern), _nfc(label).rstrip(), re.IGNORECASE) is not None


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# --- in words


def explain(source: Source) -> str:
    """What is known of a table in advance, what is resolved at run time and from which metadata, in sentences."""
    lines = [f"{source.id}: {source.title.en}", source.what, "", *_request_words(source), ""]
    for dimension in source.dimensions:
        lines.append(f"Dimension {dimension.code!r} ({dimension.role}):")
        lines += [f"  - {text}" for text in _dimension_words(dimension)]
    lines += ["", *_promises(source)]
    return "\n".join(lines)


def _request_words(source: Source) -> Iterator[str]:
    request = source.request
    if request is None:
        yield f"Not fetched: table {source.table} of {source.publisher} comes with the repository."
    elif request.service == "pxweb":
        by_file = request.route != "api" and not request.selection
        yield f"Asked for: table {source.table} of Eustat's bank, " + (
            "the whole PX file (the API, if the file cannot be had)." if by_file else "a selection, through the API."
        )
        yield "Names, codes and labels come from " + (
            "the PX file itself (VALUES and CODES, in Spanish, Basque and English)."
            if by_file
            else "the API's metadata of the table and the labels of its answer, in Spanish."
        )
    elif request.service == "eurostat":
        yield f"Asked for: dataset {source.table} of Eurostat, " + (
            "a selection, as JSON-stat: codes and English labels come with the answer."
            if request.route == "json"
            else "whole, as TSV: it has codes and no labels."
        )
    else:
        yield f"Asked for: the file {request.address} of {source.publisher}; its header names the dimensions."
    for name, wanted in (getattr(request, "selection", None) or {}).items():
        yield f"Selected of {name!r}: " + (", ".join(wanted) if isinstance(wanted, tuple) else f"newest {wanted.top}")


def _dimension_words(d: Dimension) -> Iterator[str]:
    if d.codes:
        yield f"known: exactly the codes {', '.join(d.codes)}"
    if d.scheme:
        yield f"known: every code is one of {' or '.join(d.scheme)} in the catalogue"
    if d.exclude:
        yield f"left out on purpose: {', '.join(d.exclude)}"
    if d.first or d.last:
        yield f"known: it reaches from {d.first or 'the start'} to {d.last or 'the newest period'} at least"
    for rule in d.resolve:
        yield f"resolved at run time: {rule.name} is {_rule_words(rule)}{', if it is there' if rule.optional else ''}"
    if d.same:
        yield f"resolved at run time: codes like {', '.join(d.same)} stand for themselves"
    if d.order:
        anchors = ", ".join(f"{item} fits {_labels_words(label)}" for item, label in d.order.labels.items())
        absent = f" (or all but {' '.join(d.order.absent)})" if d.order.absent else ""
        yield (
            f"resolved at run time: the codes left are {' '.join(d.order.items)} in this order, if there are "
            f"{len(d.order.items)}{absent} and {anchors}"
        )
    if d.classification:
        yield f"our names are those of {d.classification}"
    if d.complete:
        yield "a code that none of these explains stops the table"
    elif d.is_resolved and not d.order:
        yield "other codes are carried as published, without a name of ours"
    elif not (d.is_resolved or d.codes or d.scheme or d.first or d.last):
        yield "not known in advance: taken as published"


def _rule_words(rule: Rule) -> str:
    if rule.label is None:
        return f"the code {_either(rule.codes)}"
    fits = _labels_words(rule.label)
    if not rule.codes:
        return f"the one code whose label fits {fits}"
    return f"the code {_either(rule.codes)}, provided its label fits {fits}, or the one code whose label does"


def _labels_words(label: Labels | None) -> str:
    return " or ".join(f"/{pattern}/ in {LANGUAGES[t]}" for t, pattern in (label.patterns() if label else {}).items())


def _either(codes: Sequence[str]) -> str:
    return " or ".join(codes)


def _promises(source: Source) -> Iterator[str]:
    yield f"Unit: {next(iter(source.units.values()))}, unless a code says otherwise."
    for rule in source.adds_up:
        parts = "all other codes" if rule.parts == "all" else " + ".join(rule.parts)
        where = "".join(f", where {d!r} is {_either(codes)}" for d, codes in rule.where.items())
        yield f"Must add up along {rule.dimension!r}: {rule.total} = {parts} within {rule.tolerance:g}{where}."
    if source.series:
        yield f"Base {source.series.base} of the series {source.series.name}; no other base is joined to it unnamed."
        if splice := source.series.splice:
            way = "scaled by the ratio in" if splice.by == "ratio" else "side by side, without scaling, from"
            yield f"Continues {splice.after}, {way} {splice.at}: {splice.reason}."
    months = ", ".join(map(str, source.update.months))
    yield f"Re-issued: {source.update.period}{f', in month {months}' if months else ''}."
    yield from (f"Note: {quirk}" for quirk in source.quirks)
