"""Bridges between versions of a classification of activities: what may be carried, and what may not.

Belongs here: the rules by which rows of ``activity_bridge.csv`` carry divisions, and what must hold of those rows. Does
not belong here: figures (estimators/bridge.py), the shape of a row (catalogue_models.py), other relations
(catalogue_tables.py).

Nothing is carried without a row. A closed row carries exactly; a weighted one as far as its weight says and its source
is named; where weights are missing only the aggregates that the bridge lists are reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from observatory.catalogue_models import Activity, BridgeRow, Classification, KibsMember

FILE = "activity_bridge.csv"
CLASSIFICATIONS = "classifications.csv"
FINEST = "a88"
EVERYTHING = "TOTAL"
"""All activities of one version are all activities of another, whatever their letters."""


@dataclass(frozen=True)
class Step:
    """Divisions ``old`` carried to ``new``; ``how`` is closed, weighted or aggregate.

    ``weights`` is the part of each old code that counts (1 in closed steps and aggregates); ``sources`` names where
    estimated weights are from, with their year; ``leaks`` the classes by which an aggregate differs.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    how: str
    weights: tuple[float, ...]
    sources: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How a list of divisions crosses the bridge; ``refused`` says by code what is missing.

    ``donors`` are divisions that are not carried themselves: what the bridge knows of them is the part that moves into
    one that is.
    """

    steps: tuple[Step, ...]
    refused: Mapping[str, tuple[str, ...]]
    donors: tuple[str, ...] = ()


def label(codes: Iterable[str]) -> str:
    """Codes of a set as one code, ``70+73``."""
    return "+".join(sorted(codes))


def ranges(codes: Collection[str]) -> str:
    """Divisions as a reader writes them: ``58-63 69``."""
    found: list[list[str]] = []
    for code in sorted(codes):
        if found and code.isdigit() and found[-1][-1].isdigit() and int(code) == int(found[-1][-1]) + 1:
            found[-1].append(code)
        else:
            found.append([code])
    return " ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def plan(codes: Collection[str], bridge: Sequence[BridgeRow]) -> Plan:
    """Carry each of ``codes`` by closed rows, else by weights; the rest is refused.

    A closed set counts where all its divisions are among ``codes``. A weighted division needs the weight of every row
    into it and out of the codes it is made from, and all those codes: X_new(k) = sum over j of w(j to k) X_old(j).
    A part that moves to a division of which the bridge does not know the rest is named as a leak.
    """
    asked = set(codes)
    steps: list[Step] = []
    if EVERYTHING in asked:
        steps.append(Step((EVERYTHING,), (EVERYTHING,), "closed", (1.0,)))
    for row in sorted(_closed(bridge), key=lambda r: (len(r.old), r.from_code)):
        if row.old <= asked - _taken(steps):
            steps.append(Step(tuple(sorted(row.old)), tuple(sorted(row.new)), "closed", (1.0,) * len(row.old)))
    rest = asked - _taken(steps)
    weighted, refused = _weighted(rest, asked, bridge)
    donors = tuple(sorted(rest & _taken(weighted) - _stay(bridge)))
    return Plan((*steps, *weighted), refused, donors)


def composed(codes: Collection[str], bridge: Sequence[BridgeRow]) -> Plan:
    """Carry ``codes`` as one sum: by closed rows alone, else with the listed aggregates that lie wholly inside.

    This is what a definition (a KIBS variant) needs: its sum in the other version. Weights do not help, for they say
    where the old codes went and not which part of a new code was in the old ones.
    """
    asked = set(codes)
    closed = [s for s in plan(asked, [r for r in bridge if r.is_closed]).steps if s.how == "closed"]
    rest = asked - _taken(closed)
    if not rest:
        return Plan(tuple(closed), {})
    wide = [r for r in bridge if r.kind == "aggregate" and r.old <= asked and r.old & rest]
    inside = set().union(*(r.old for r in wide))
    if lost := rest - inside:
        return Plan((), {code: _lacking(code, bridge) for code in sorted(lost)})
    steps = [s for s in closed if not set(s.old) <= inside]
    steps += [
        Step(tuple(sorted(r.old)), tuple(sorted(r.new)), "aggregate", (1.0,) * len(r.old), leaks=r.leaks) for r in wide
    ]
    return Plan(tuple(steps), {})


def _closed(bridge: Sequence[BridgeRow]) -> list[BridgeRow]:
    return [r for r in bridge if r.is_closed]


def _taken(steps: Iterable[Step]) -> set[str]:
    return {code for step in steps for code in step.old}


def _loose(bridge: Sequence[BridgeRow]) -> list[BridgeRow]:
    """Rows of single divisions that need a weight."""
    return [r for r in bridge if r.kind == "division" and not r.is_closed]


def _stay(bridge: Sequence[BridgeRow]) -> set[str]:
    """Divisions that lead to themselves, so that all their ways out and in are in the bridge."""
    return {r.from_code for r in bridge if r.kind == "division" and r.from_code == r.to_code}


def _weighted(
    rest: set[str], asked: set[str], bridge: Sequence[BridgeRow]
) -> tuple[list[Step], dict[str, tuple[str, ...]]]:
    loose, stay = _loose(bridge), _stay(bridge)
    refused = {code: lacking for code in sorted(rest) if (lacking := _lacking(code, loose))}
    steps: list[Step] = []
    for target in sorted({r.to_code for r in loose if r.from_code in rest} & stay):
        into = sorted((r for r in loose if r.to_code == target), key=lambda r: r.from_code)
        lost = [r.from_code for r in into if r.from_code not in asked]
        for row in into if lost else []:
            if row.from_code in rest:
                refused.setdefault(row.from_code, tuple(f"{code} is not in the series" for code in lost))
        if lost or any(r.weight is None for r in into):
            continue
        sources = tuple(dict.fromkeys(f"{r.weight_source} {r.weight_year}" for r in into))
        away = tuple(f"{target}>{r.to_code}" for r in loose if r.from_code == target and r.to_code not in stay)
        weights = tuple(float(r.weight or 0) for r in into)
        steps.append(Step(tuple(r.from_code for r in into), (target,), "weighted", weights, sources, away))
    return [s for s in steps if not set(s.old) & set(refused)], refused


def _lacking(code: str, bridge: Sequence[BridgeRow]) -> tuple[str, ...]:
    """Weights that are missing before a division can be carried, as ``63>60``; ``84>?`` where there is no row."""
    out = [r for r in _loose(bridge) if r.from_code == code]
    targets = {r.to_code for r in out}
    rows = [r for r in _loose(bridge) if r.from_code == code or r.to_code in targets]
    if not out:
        return (f"{code}>?",)
    return tuple(f"{r.from_code}>{r.to_code}" for r in rows if r.weight is None)


# --- relations


def twins(bridge: Sequence[BridgeRow], classifications: Sequence[Classification]) -> list[BridgeRow]:
    """The rows under every name of the same divisions: what is known of CNAE-2009 and 2025 holds for NACE 2 and 2.1."""
    versions: dict[str, list[tuple[str, str]]] = {}
    for c in classifications:
        versions.setdefault(c.divisions_of, []).append((c.classification, c.version))
    of = {(c.classification, c.version): c.divisions_of for c in classifications}
    rows = list(bridge)
    for ends, part in _bridges(bridge).items():
        for old in versions[of[ends[0]]]:
            for new in versions[of[ends[1]]]:
                if old[0] == new[0] and (old, new) != ends:
                    names = {"from_classification": old[0], "from_version": old[1]}
                    names |= {"to_classification": new[0], "to_version": new[1]}
                    rows += [r.model_copy(update=names) for r in part]
    return rows


def kibs_bridge(
    members: Sequence[KibsMember], bridge: Sequence[BridgeRow], classifications: Sequence[Classification]
) -> list[dict[str, Any]]:
    """Every KIBS variant and group written in divisions, in both codings of every bridge.

    ``side`` is from or to, ``how`` closed, aggregate or refused; ``missing`` names the weights without which a refused
    one cannot be had, and then there are rows of the old side alone. ``grp`` is empty for the whole variant, which is
    the sum of its groups.
    """
    divisions = {(c.classification, c.version): c.divisions_of for c in classifications}
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for m in members:
        if m.breakdown == FINEST:
            known = groups.setdefault((m.variant, divisions[m.classification, m.version]), {})
            known.setdefault(m.grp, []).append(m.activity)
    rows: list[dict[str, Any]] = []
    for ends, part in _bridges(bridge).items():
        for (variant, of), parts in groups.items():
            if of != divisions[ends[0]]:
                continue
            plans = {group: composed(codes, part) for group, codes in parts.items()}
            whole = Plan(
                tuple(step for found in plans.values() for step in found.steps),
                {code: why for found in plans.values() for code, why in found.refused.items()},
            )
            rows += _sides(variant, "", [c for codes in parts.values() for c in codes], whole, ends)
            for group, found in plans.items():
                rows += _sides(variant, group, parts[group], found, ends)
    return rows


Ends = tuple[tuple[str, str], tuple[str, str]]


def _bridges(bridge: Sequence[BridgeRow]) -> dict[Ends, list[BridgeRow]]:
    """Rows by what they lead from and to."""
    found: dict[Ends, list[BridgeRow]] = {}
    for r in bridge:
        ends = ((r.from_classification, r.from_version), (r.to_classification, r.to_version))
        found.setdefault(ends, []).append(r)
    return found


def _sides(variant: str, group: str, codes: Sequence[str], found: Plan, ends: Ends) -> Iterator[dict[str, Any]]:
    how = "refused" if found.refused else "aggregate" if any(s.how == "aggregate" for s in found.steps) else "closed"
    new = [] if found.refused else sorted({code for step in found.steps for code in step.new})
    missing = dict.fromkeys(word for words in found.refused.values() for word in words)
    leaks = dict.fromkeys(leak for step in found.steps for leak in step.leaks)
    for side, (classification, version), activities in (("from", ends[0], sorted(codes)), ("to", ends[1], new)):
        for activity in activities:
            yield {
                "variant": variant,
                "grp": group,
                "side": side,
                "classification": classification,
                "version": version,
                "activity": activity,
                "how": how,
                "leaks": "" if found.refused else " ".join(leaks),
                "missing": " ".join(missing),
            }


# --- what must hold


def disagreements(
    bridge: Sequence[BridgeRow],
    classifications: Sequence[Classification],
    activities: Sequence[Activity],
    members: Sequence[KibsMember],
) -> Iterator[str]:
    """What the bridge's rows say against each other, against the classifications and against the activities."""
    known = {(c.classification, c.version): c.divisions_of for c in classifications}
    used = {(a.classification, a.version) for a in activities} | {(m.classification, m.version) for m in members}
    yield from (f"{CLASSIFICATIONS}: {c} {v} is missing" for c, v in sorted(used - set(known)))
    divisions: dict[str, frozenset[str]] = {}
    for a in activities:
        if a.level == "division" and (a.classification, a.version) in known:
            of = known[a.classification, a.version]
            divisions[of] = divisions.get(of, frozenset()) | a.parts()
    for ends, rows in _bridges(bridge).items():
        lost = [end for end in ends if end not in known]
        yield from (f"{FILE}: {c} {v} is not in {CLASSIFICATIONS}" for c, v in lost)
        if lost:
            continue
        old, new = (divisions.get(known[end], frozenset()) for end in ends)
        if known[ends[0]] == known[ends[1]]:
            yield f"{FILE}: {' '.join(ends[0])} and {' '.join(ends[1])} have the same divisions"
        for r in rows:
            place = f"{FILE}: {r.from_code} to {r.to_code}"
            yield from (f"{place}: {code} is no division of {known[ends[0]]}" for code in sorted(r.old - old))
            yield from (f"{place}: {code} is no division of {known[ends[1]]}" for code in sorted(r.new - new))
            yield from (f"{place}: {text}" for text in _row(r))
        yield from _rows(rows)


def _row(r: BridgeRow) -> Iterator[str]:
    single = len(r.old) == len(r.new) == 1
    if single != (r.kind == "division"):
        yield f"a {r.kind} of {len(r.old)} and {len(r.new)} division(s)"
    if r.is_closed and r.weight != 1:
        yield "a closed row has the weight 1"
    if r.weight is not None and not 0 <= r.weight <= 1:
        yield f"weight {r.weight:g} is no part of one"
    if r.kind == "aggregate" and (r.is_closed or r.weight is not None or not r.leaks):
        yield "an aggregate has no weight, is not closed and names its leaks"
    if r.kind == "set" and not r.is_closed:
        yield "a set is closed; what is not is an aggregate or needs a weight for each division"
    if not r.is_closed and r.kind == "division" and (r.weight is None) != (not (r.weight_source and r.weight_year)):
        yield "a weight and its source and year stand together or not at all"


def _rows(rows: Sequence[BridgeRow]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for r in rows:
        if (r.from_code, r.to_code) in seen:
            yield f"{FILE}: {r.from_code} to {r.to_code} stands twice"
        seen.add((r.from_code, r.to_code))
        if r.is_closed:
            for other in rows:
                if other.kind == "division" and (other.from_code in r.old) != (other.to_code in r.new):
                    yield (
                        f"{FILE}: {r.from_code} to {r.to_code} is not closed: there is "
                        f"{other.from_code} to {other.to_code}"
                    )
    loose = _loose(rows)
    for code in dict.fromkeys(r.from_code for r in loose):
        weights = [r.weight for r in loose if r.from_code == code]
        given = [w for w in weights if w is not None]
        # a division that stays has all its ways out in the bridge, one that only loses a class has not
        stays = any(r.from_code == code == r.to_code for r in loose)
        total = sum(given)
        if total > 1 + 1e-9 or (stays and len(given) == len(weights) and not isclose(total, 1, abs_tol=1e-9)):
            yield f"{FILE}: the weights of {code} add up to {total:g}"
