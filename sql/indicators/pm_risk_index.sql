/*
name: {en: Weighted alliance risk, es: Riesgo ponderado, eu: Arrisku haztatua}
question: How risky are the alliances of each case, and which kinds of risk weigh most?
definition: "100 * sum of weight * likelihood * impact / (25 * sum of weights), over the risks of a case, and over the cases for each kind of risk."
unit: 0-100
row: one case or kind of risk, and date
sources_note: Registers case and risk.
caveats:
  - What was told last of a case up to the date counts.
  - A kind of risk other than secrets, staff, partner, money, market, technology and law counts as other; the firms' own words are not published.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with told as (
  select c.case_id, c.as_of, r.risk, cast(r.weight * r.likelihood * r.impact as decimal(28, 6)) as weighed, cast(r.weight as decimal(28, 6)) as weight,
    case when greatest(c.provenance, coalesce(r.provenance, '')) = 'synthetic' then 'synthetic' else c.provenance end as provenance, c.source
  from core.programme_case c
  left join core.programme_latest l on l.register = 'risk' and l.case_id = c.case_id and l.as_of = c.as_of
  left join core.programme_risk r on r.case_id = l.case_id and r.as_of = l.told_on
),
parts as (
  select case when b.breakdown = 'case' then 'case=' || case_id when risk in ('secrets', 'staff', 'partner', 'money', 'market', 'technology', 'law') then 'risk=' || risk
    when risk is not null then 'risk=other' end as variant, left(as_of, 7) as period, weighed, weight, provenance, source
  from told
  cross join (values ('case'), ('risk')) b(breakdown)
),
summed as (
  select variant, period, sum(weighed) as weighed, sum(weight) as weight, count(weight) as n, max(provenance) as provenance, max(source) as source
  from parts
  where variant is not null
  group by variant, period
)
select variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  100 * cast(weighed as double) / nullif(25 * cast(weight as double), 0) as value,
  case when coalesce(weight, 0) = 0 then 'M' else 'A' end as status, nullif(n, 0) as n,
  provenance, source || ';programme_risk' as sources
from summed
order by variant, period
