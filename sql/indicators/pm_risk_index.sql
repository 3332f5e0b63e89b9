/*
name: {en: Weighted alliance risk, es: Riesgo ponderado, eu: Arrisku haztatua}
question: How risky are the alliances of each case?
definition: "100 * sum of weight * likelihood * impact / (25 * sum of weights), over the risks of a case."
unit: 0-100
row: one case and date
sources_note: Registers case and risk.
caveats:
  - What was told last of a case up to the date counts.
  - Kinds of risk are the firms' own; the journal lists none.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with per_case as (
  select case_id, as_of, count(*) as n, sum(cast(weight * likelihood * impact as decimal(28, 6))) as risk, sum(cast(weight as decimal(28, 6))) as weight, max(provenance) as provenance
  from core.programme_risk
  group by case_id, as_of
),
latest as (
  select c.case_id, c.as_of, max(t.as_of) as told_on
  from core.programme_case c
  join core.programme_risk t on t.case_id = c.case_id and t.as_of <= c.as_of
  group by c.case_id, c.as_of
)
select 'case=' || c.case_id as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(c.as_of, 7) as period,
  100 * cast(r.risk as double) / nullif(25 * cast(r.weight as double), 0) as value,
  case when coalesce(r.weight, 0) = 0 then 'M' else 'A' end as status, r.n,
  coalesce(r.provenance, c.provenance) as provenance, c.source || ';programme_risk' as sources
from core.programme_case c
left join latest l on l.case_id = c.case_id and l.as_of = c.as_of
left join per_case r on r.case_id = l.case_id and r.as_of = l.told_on
order by variant, period
