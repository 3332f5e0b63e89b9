/*
name: {en: Project KPI attainment, es: Cumplimiento de KPI, eu: KPIen betetzea}
question: Do the cases reach what they set themselves?
definition: "Of a case's KPIs with a figure, the share at or beyond its target, and the mean of attainment capped at 100; a target below the baseline is better the lower."
unit: percent
row: one case, measure and date
sources_note: Registers case and kpi.
caveats:
  - KPIs are chosen by the firms themselves, so cases are not to be compared with each other.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with judged as (
  select case_id, as_of, provenance,
    case when target < baseline then actual <= target else actual >= target end as is_reached,
    least(greatest(case when baseline is not null and target <> baseline then (actual - baseline) / (target - baseline) else actual / nullif(target, 0) end, 0), 1) as attained
  from core.programme_kpi
  where actual is not null
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
left join per_case k on k.case_id = c.case_id and k.as_of = c.as_of
order by variant, period
