/*
name: {en: Mentoring funnel, es: Embudo de mentoría, eu: Mentoretza-inbutua}
question: How far do the cases come, and where do they stop?
definition: "Cases that reached each stage (opened, step 1 to 5, signed), and of those decided at a stage the share that went on, with the exact binomial interval."
unit: cases, or percent
row: one cohort, stage and date
sources_note: Registers case, session and alliance.
caveats:
  - A case reaches a step when a meeting of that step was held for it or for its cohort.
  - An open case that has not gone on is undecided and no failure; status P while there is one, no share while none is decided.
reference: Clopper and Pearson 1934 (Biometrika 26)
estimator: programme.funnel
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with steps as (
  select c.case_id, c.as_of, max(s.step) as furthest
  from core.programme_case c
  join core.programme_session s on (s.case_id = c.case_id or s.case_id is null and s.cohort = c.cohort)
    and s.state = 'held' and s.activity = 'mentoring' and s.as_of <= c.as_of
  group by c.case_id, c.as_of
),
signatures as (
  select c.case_id, c.as_of, count(a.signed_on) as signed
  from core.programme_case c
  join core.programme_alliance a on a.case_id = c.case_id and a.signed_on <= c.as_of
  group by c.case_id, c.as_of
)
select c.cohort as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(c.as_of, 7) as period, coalesce(s.furthest, 0) as furthest,
  c.state = 'signed' or coalesce(g.signed, 0) > 0 as is_signed, c.state = 'open' as is_open,
  c.provenance, c.source || ';programme_session;programme_alliance' as sources
from core.programme_case c
left join steps s on s.case_id = c.case_id and s.as_of = c.as_of
left join signatures g on g.case_id = c.case_id and g.as_of = c.as_of
order by c.cohort, c.as_of, c.case_id
