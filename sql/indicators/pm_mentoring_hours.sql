/*
name: {en: Mentoring hours delivered, es: Horas de mentoría, eu: Mentoretza-orduak}
question: How many of the hours of mentoring have been given?
definition: "Hours of the mentoring meetings held up to a month, by session and by firm that came (session hours times firms), whole and by step, by mode and by organisation that mentors; beside the target."
unit: hours
row: one measure, part and date
sources_note: Register session and core.programme_progress.
caveats:
  - A meeting without stated hours, or for firm-hours without stated firms, leaves the sum unknown; the variant at_least has what is stated.
  - The journal describes one group of three firms; other groups are not in it.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with months as (
  select distinct left(as_of, 7) as period from core.programme_session
),
held as (
  select m.period, cast(cast(s.step as integer) as varchar) as step, s.mode, s.mentor_org, cast(s.hours as decimal(18, 3)) as hours,
    1 + length(s.firm_ids) - length(replace(s.firm_ids, ' ', '')) as firms, s.provenance, s.source
  from months m
  join core.programme_session s on left(s.as_of, 7) <= m.period and s.activity = 'mentoring' and s.state = 'held'
),
measured as (
  select m.measure, b.breakdown, h.period, case m.measure when 'firm_hours' then h.hours * h.firms else h.hours end as hours, h.provenance, h.source,
    coalesce(case b.breakdown when 'step' then h.step when 'mode' then h.mode when 'mentor' then h.mentor_org end, 'not_stated') as part
  from held h
  cross join (values ('session_hours'), ('firm_hours')) m(measure)
  cross join (values ('all'), ('step'), ('mode'), ('mentor')) b(breakdown)
),
summed as (
  select case breakdown when 'all' then measure else measure || ':' || breakdown || '=' || part end as variant, period,
    sum(hours) as hours, count(*) - count(hours) as unstated, max(provenance) as provenance, max(source) as source
  from measured
  group by measure, breakdown, part, period
  union all
  select measure || ':at_least', period, sum(hours), 0, max(provenance), max(source) from measured where breakdown = 'all' group by measure, period
  union all
  select 'target' || scope, left(as_of, 7), cast(target as decimal(38, 3)), 0, provenance, source from core.programme_progress where indicator = 'pm_mentoring_hours'
)
select variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  case when unstated = 0 then cast(hours as double) end as value,
  case when unstated = 0 and hours is not null then case when variant like '%at_least' then 'U' else 'A' end else 'M' end as status,
  provenance, source as sources
from summed
order by variant, period
