/*
name: {en: Days in each step, es: Días por etapa, eu: Egunak urratseko}
question: Which step of the mentoring takes long?
definition: "Median days from the first meeting of a step to the first of the next, by the product-limit estimate; cases that are still in the step count as such."
unit: days
row: one step and date
sources_note: Registers case and session.
caveats:
  - Only dates to the day count; the journal dates no meeting of the mentoring, so the median is missing.
reference: Kaplan and Meier 1958 (JASA 53)
estimator: programme.step_time
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with entered as (
  select c.case_id, c.as_of, s.step, min(s.held_on) as entered_on, max(c.provenance) as provenance
  from core.programme_case c
  join core.programme_session s on (s.case_id = c.case_id or s.case_id is null and s.cohort = c.cohort)
    and s.state = 'held' and s.activity = 'mentoring' and s.as_of <= c.as_of
  group by c.case_id, c.as_of, s.step
)
select 'step=' || cast(cast(e.step as integer) as varchar) as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(e.as_of, 7) as period,
  e.entered_on, n.entered_on as left_on, e.as_of, e.provenance, 'programme_case;programme_session' as sources
from entered e
left join entered n on n.case_id = e.case_id and n.as_of = e.as_of and n.step = e.step + 1
order by variant, period, e.case_id
