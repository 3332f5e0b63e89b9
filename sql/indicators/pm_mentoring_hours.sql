/*
name: {en: Mentoring hours delivered, es: Horas de mentoría, eu: Mentoretza-orduak}
question: How many of the hours of mentoring have been given?
definition: "Hours of the mentoring meetings held, by session and by firm that came (session hours times firms), whole and by step; beside the target."
unit: hours
row: one measure, step and date
sources_note: Registers session and target.
caveats:
  - A meeting without stated hours leaves the sum unknown; the variant at_least has the hours that are stated.
  - The journal describes one group of three firms; other groups are not in it.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with held as (
  select step, as_of, cast(hours as decimal(18, 3)) as hours, case when firm_ids is null then 0 else 1 + length(firm_ids) - length(replace(firm_ids, ' ', '')) end as firms, provenance, source
  from core.programme_session
  where activity = 'mentoring' and state = 'held'
),
measured as (
  select m.measure, h.step, h.as_of, case m.measure when 'firm_hours' then h.hours * h.firms else h.hours end as hours, h.provenance, h.source
  from held h
  cross join (values ('session_hours'), ('firm_hours')) m(measure)
),
summed as (
  select measure || ':step=' || cast(cast(step as integer) as varchar) as variant, as_of, sum(hours) as hours, count(*) - count(hours) as unstated, max(provenance) as provenance, max(source) as source
  from measured
  group by measure, step, as_of
  union all
  select measure, as_of, sum(hours), count(*) - count(hours), max(provenance), max(source) from measured group by measure, as_of
  union all
  select measure || ':at_least', as_of, sum(hours), 0, max(provenance), max(source) from measured group by measure, as_of
  union all
  select 'target', as_of, cast(target as decimal(38, 3)), 0, provenance, source from core.programme_target where indicator = 'pm_mentoring_hours'
)
select variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period,
  case when unstated = 0 then cast(hours as double) end as value,
  case when unstated = 0 and hours is not null then case when variant like '%at_least' then 'U' else 'A' end else 'M' end as status,
  provenance, source as sources
from summed
order by variant, period
