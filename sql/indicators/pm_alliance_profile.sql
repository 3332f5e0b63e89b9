/*
name: {en: Alliance profile, es: Perfil de alianza, eu: Aliantzaren profila}
question: What kind of alliances are being built?
definition: "Median of the marks (1 to 5) of a case's alliances for impact, competitive advantage, interaction and intelligence, and for formalisation wanted and actual."
unit: 1 to 5
row: one case, measure and date
sources_note: Registers case and alliance.
caveats:
  - What was told last of a case up to the date counts.
  - Marks are ordinal, so medians are given and no means.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 1, max_value: 5}}
*/
with marks as (
  select a.case_id, a.as_of, a.provenance, m.measure,
    case m.measure when 'impact' then a.impact when 'competitive_advantage' then a.competitive_advantage when 'interaction' then a.interaction
      when 'intelligence' then a.intelligence when 'formalisation_wanted' then a.formalisation_wanted else a.formalisation_actual end as mark
  from core.programme_alliance a
  cross join (values ('impact'), ('competitive_advantage'), ('interaction'), ('intelligence'), ('formalisation_wanted'), ('formalisation_actual')) m(measure)
),
per_case as (
  select case_id, as_of, measure, median(mark) as value, count(mark) as n, max(provenance) as provenance
  from marks
  group by case_id, as_of, measure
)
select m.measure || ':case=' || c.case_id as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(c.as_of, 7) as period, p.value,
  case when p.value is null then 'M' else 'A' end as status, nullif(p.n, 0) as n,
  coalesce(p.provenance, c.provenance) as provenance, c.source || ';programme_alliance' as sources
from core.programme_case c
cross join (values ('impact'), ('competitive_advantage'), ('interaction'), ('intelligence'), ('formalisation_wanted'), ('formalisation_actual')) m(measure)
left join core.programme_latest l on l.register = 'alliance' and l.case_id = c.case_id and l.as_of = c.as_of
left join per_case p on p.case_id = l.case_id and p.as_of = l.told_on and p.measure = m.measure
order by variant, period
