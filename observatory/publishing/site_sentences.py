"""The answers to the home page's three questions, written by the figures.

Belongs here: which figures answer a question, and the sentence they make in each language with place, period,
uncertainty, status and provenance. Does not belong here: the words (site_messages.yaml) or the figures (a release).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from observatory.headline import SYNTHETIC, key, latest
from observatory.publishing import numbers
from observatory.publishing import site_messages as messages
from observatory.publishing.site_content import Release, Row
from observatory.publishing.site_labels import CLASSES, Labels
from observatory.publishing.site_messages import Language

BILBAO, REGION, COUNTRY, UNION = "48020", "ES21", "ES", "EU27_2020"


@dataclass(frozen=True)
class Answer:
    """A question, its answer in one sentence, and the rows the sentence was made from."""

    question: str
    sentence: str
    rows: Sequence[Row]

    @property
    def is_synthetic(self) -> bool:
        """Whether a figure in the sentence is made up."""
        return any(row["provenance"] == SYNTHETIC for row in self.rows)


def answers(release: Release, language: Language, labels: Labels) -> list[Answer]:
    """The three questions with their answers."""
    writer = _Writer(release, language, labels)
    return [writer.servitized(), writer.ict_growth(), writer.hub()]


@dataclass(frozen=True)
class _Writer:
    release: Release
    language: Language
    labels: Labels

    def servitized(self) -> Answer:
        """How servitized is industry: the accounts of firms, Spain beside, the survey's mean firm."""
        region = self._latest("serv_pl_share", REGION, "manufacturing")
        country = self._latest("serv_pl_share", COUNTRY, "industry")
        survey = self._latest("svy_mean_share", REGION, "unweighted")
        parts = [("answer.serv", region), ("answer.serv_industry", country), ("answer.serv_survey", survey)]
        return self._answer("home.q_serv", [(self._said(which, row), row) for which, row in parts if row is not None])

    def ict_growth(self) -> Answer:
        """How fast ICT grows: the trend over the longest window, the level, the trends of country and union."""
        variant = "section_j:ols"
        trend = self._latest("ict_trend_slope", REGION, variant)
        if trend is None:
            return self._answer("home.q_ict", [])
        parts = [(self._said(f"answer.ict_{direction(trend)}", trend), trend)]
        if (level := self._latest("ict_emp_share", REGION, "section_j")) is not None:
            parts.append((self._said("answer.ict_level", level), level))
        for place in (COUNTRY, UNION):
            if (other := self._latest("ict_trend_slope", place, variant, trend["period"])) is not None:
                parts.append((self._said("answer.ict_benchmark", other), other))
        return self._answer("home.q_ict", parts)

    def hub(self) -> Answer:
        """What kind of hub the city is: the class, how it stands when thresholds move, the quotient behind it."""
        rule = "kibs_seed_sections:class"
        city = self._latest("hub_class", BILBAO, rule)
        if city is None:
            return self._answer("home.q_hub", [])
        parts = [(self._said("answer.hub", city), city)]
        moved = [
            row
            for row in self.release.indicators["hub_class"].rows
            if row["geo"] == BILBAO and row["period"] == city["period"] and row["variant"] != rule
        ]
        if moved:
            parts.append((self._steadiness(city, moved), city))
        quotient = self._latest("hub_lq", BILBAO, "kibs_seed_sections", comparator=REGION)
        if quotient is not None:
            parts.append((self._said("answer.hub_lq", quotient), quotient))
        return self._answer("home.q_hub", parts)

    def _steadiness(self, city: Row, moved: Sequence[Row]) -> str:
        changed = sum(row["value"] != city["value"] for row in moved)
        which = "answer.hub_unsteady" if changed else "answer.hub_steady"
        values = {"of": len(moved)} | ({"changed": changed} if changed else {})
        return messages.text(self.language, which, **values)

    def _latest(
        self, indicator: str, geo: str, variant: str, period: str | None = None, comparator: str | None = None
    ) -> Row | None:
        one = self.release.indicators.get(indicator)
        wanted = [
            row
            for row in (one.rows if one else ())
            if row["geo"] == geo
            and key(row)[0] == variant
            and period in {None, row["period"]}
            and comparator in {None, row["comparator"]}
        ]
        return latest(wanted)

    def _said(self, which: str, row: Row) -> str:
        values = {
            "place": self.labels.place(row["geo"]),
            "value": self.labels.value(row["value"], row["unit"]),
            "period": numbers.period(row["period"]),
            "uncertainty": uncertainty(row, self.language, self.labels),
        }
        if "comparator" in messages.fields(messages.load()[which][self.language]):
            values["comparator"] = self.labels.place(row["comparator"] or "")
        return messages.text(self.language, which, **values)

    def _answer(self, question: str, parts: Sequence[tuple[str, Row]]) -> Answer:
        asked = messages.text(self.language, question)
        if not parts:
            return Answer(asked, messages.text(self.language, "answer.none"), [])
        sentence = "; ".join(said for said, _ in parts)
        rows: list[Row] = []
        for _, row in parts:
            if not any(row is other for other in rows):
                rows.append(row)
        return Answer(asked, sentence[0].upper() + sentence[1:] + ".", rows)


def direction(row: Row) -> str:
    """``up`` or ``down``, or ``flat`` where the interval holds zero; without an interval the sign alone decides."""
    lower, upper = (row["value"] if row[side] is None else row[side] for side in ("lower", "upper"))
    if lower <= 0 <= upper:
        return "flat"
    return "up" if lower > 0 else "down"


def uncertainty(row: Row, language: Language, labels: Labels) -> str:
    """What a reader must know of a figure: its interval or that it has none, its flags, and whether it is made up."""
    if row["lower"] is None or row["upper"] is None:
        said = [messages.text(language, "answer.no_interval")] if row["unit"] != CLASSES else []
    else:
        bounds = {side: numbers.number(language, row[side], unit=row["unit"]) for side in ("lower", "upper")}
        said = [messages.text(language, "answer.interval", **bounds)]
    said += [messages.known(language, f"status.{letter}") or letter for letter in row["status"] if letter != "A"]
    said.append(
        messages.text(language, "site.synthetic")
        if row["provenance"] == SYNTHETIC
        else messages.text(language, f"provenance.{row['provenance']}")
    )
    return ", ".join(said)
