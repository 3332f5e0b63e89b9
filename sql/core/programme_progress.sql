/*
name: {en: Progress towards the targets, es: Avance hacia las metas, eu: Helburuetarako aurrerapena}
question: How much of each target has been reached?
definition: For each target what the registers count up to its date, and what they hold at least where they do not count in full.
unit: as the target
row: one indicator, cohort and date of a target
sources_note: Registers of the programme.
caveats:
  - An agreement counts once signed, and once for a pair of parties.
  - A cohort that has cases is one group of them, and what is counted is theirs; any other cohort is the whole programme.
  - Where a register does not count in full, or a meeting has no hours, what was reached is unknown and not nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  indicator: Indicator that the target is for
  cohort: Group of cases, or the whole programme
  scope: What the group adds to the name of a variant (:cohort=first); empty for the whole programme
  as_of: Date of the target's row
  actual: What was reached; null where the registers cannot say
  at_least: What the registers hold; null where they hold nothing
  target: What is to be reached
  unit: Unit of actual, at_least and target
  starts_on: When the time to reach it began
  due_on: When it is due
  status: SDMX observation status
  provenance: programme or synthetic
  source: Ids of the registers
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [indicator, cohort, as_of]}}
*/
with cohorts as (
  select case_id, max(cohort) as cohort from core.programme_case group by case_id
),
targets as (
  select t.*, g.cohort as group_name
  from core.programme_target t
  left join (select distinct cohort from cohorts) g on g.cohort = t.cohort
),
agreements as (
  select t.indicator, t.cohort, t.as_of, count(distinct a.case_id || ' ' || a.counterpart_id) as done, max(a.provenance) as provenance
  from targets t
  join core.programme_alliance a on a.as_of <= t.as_of and a.signed_on <= t.as_of
    and t.indicator = 'pm_' || a.sort || '_agreements'
  left join cohorts c on c.case_id = a.case_id
  where t.group_name is null or t.group_name = c.cohort
  group by t.indicator, t.cohort, t.as_of
),
meetings as (
  select t.indicator, t.cohort, t.as_of, t.indicator = 'pm_mentoring_hours' as in_hours,
    count(*) as held, count(s.hours) as timed, sum(cast(s.hours as decimal(18, 3))) as hours, max(s.provenance) as provenance
  from targets t
  join core.programme_session s on s.as_of <= t.as_of and s.state = 'held' and coalesce(s.held_on, s.as_of) <= t.as_of
    and t.indicator = case s.activity when 'mentoring' then 'pm_mentoring_hours' else 'pm_coproduction_sessions' end
  left join cohorts c on c.case_id = s.case_id
  where t.group_name is null or t.group_name = coalesce(s.cohort, c.cohort)
  group by t.indicator, t.cohort, t.as_of
),
counted as (
  select t.indicator, t.cohort, coalesce(':cohort=' || t.group_name, '') as scope, t.as_of, t.is_counted = 'yes' and (not coalesce(m.in_hours, false) or m.held = m.timed) as is_whole,
    case when m.in_hours then cast(m.hours as double) else cast(coalesce(a.done, m.held) as double) end as at_least,
    t.target, t.unit, t.starts_on, t.due_on, t.status,
    case when greatest(t.provenance, coalesce(a.provenance, ''), coalesce(m.provenance, '')) = 'synthetic' then 'synthetic' else t.provenance end as provenance,
    t.source || case when t.indicator like '%agreements' then ';programme_alliance' else ';programme_session' end as source
  from targets t
  left join agreements a on a.indicator = t.indicator and a.cohort = t.cohort and a.as_of = t.as_of
  left join meetings m on m.indicator = t.indicator and m.cohort = t.cohort and m.as_of = t.as_of
)
select indicator, cohort, scope, as_of, case when is_whole then coalesce(at_least, 0) end as actual, at_least, target, unit, starts_on, due_on, status, provenance, source
from counted
order by indicator, cohort, as_of
