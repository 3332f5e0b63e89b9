/*
name: {en: Participant satisfaction, es: Satisfacción, eu: Gogobetetzea}
question: Are the firms satisfied with the mentoring?
definition: "Mean of the marks from 0 to 10, and the share of marks of 9 or 10; from five marks on."
unit: 0-10, or percent
row: one measure and date
sources_note: Register feedback.
caveats:
  - With fewer than five marks no number is given; the journal says in words that all three firms are satisfied.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with marks as (
  select as_of, count(score) as n, avg(score) as mean, 100 * avg(case when score >= 9 then 1.0 when score is not null then 0.0 end) as top,
    count(*) filter (in_words = 'satisfied') as satisfied, count(in_words) as words, max(provenance) as provenance, max(source) as source
  from core.programme_feedback
  group by as_of
)
select m.measure as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period,
  case when n >= 5 then case m.measure when 'mean' then mean else top end end as value,
  case m.measure when 'mean' then '0-10' else 'percent' end as unit,
  case when n >= 5 then 'A' else 'M' end as status, case when n >= 5 then n end as n, provenance,
  source || case when n < 5 then ' (' || satisfied || ' of ' || words || ' satisfied in words)' else '' end as sources
from marks
cross join (values ('mean'), ('top_two')) m(measure)
order by variant, period
