/*
name: {en: Project KPI attainment, es: Cumplimiento de KPI, eu: KPIen betetzea}
question: Do the cases reach what they set themselves?
definition: "Of a case's KPIs with a figure, the share at or beyond its target, and the mean of attainment capped at 100; a target below the baseline is better the lower."
unit: percent
row: one case, measure and date
sources_note: Registers case and kpi.
caveats:
  - What was told last of a case up to the date counts.
  - KPIs are chosen by the firms themselves, so cases are not to be compared with each other.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with told as (
  select case_id, as_of, provenance, baseline, target, actual, case when target < baseline then actual <= target else actual >= target end as is_reached
  from core.programme_kpi
  where actual is not null
),
judged as (
  select case_id, as_of, provenance, is_reached,
    case when is_reached then 1.0 when target <> baseline then greatest((actual - baseline) / (target - baseline), 0) when target > 0 then greatest(actual / target, 0) end as attained
  from told
),
per_case as (
  select case_id, as_of, count(*) as n, 100 * avg(case when is_reached then 1.0 else 0.0 end) as reached, 100 * avg(attained) as attained, max(provenance) as provenance
  from judged
  group by case_id, as_of
)
select m.measure || ':case=' || c.case_id as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(c.as_of, 7) as period,
  case m.measure when 'share' then k.reached else k.attained end as value,
  case when k.n is null or (m.measure = 'capped_mean' and k.attained is null) then 'M' else 'A' end as status, k.n,
  coalesce(k.provenance, c.provenance) as provenance, c.source || ';programme_kpi' as sources
from core.programme_case c
cross join (values ('share'), ('capped_mean')) m(measure)
left join core.programme_latest l on l.register = 'kpi' and l.case_id = c.case_id and l.as_of = c.as_of
left join per_case k on k.case_id = l.case_id and k.as_of = l.told_on
order by variant, period
