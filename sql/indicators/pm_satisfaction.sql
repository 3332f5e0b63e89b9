/*
name: {en: Participant satisfaction, es: Satisfacción, eu: Gogobetetzea}
question: Are the firms satisfied with the mentoring?
definition: "Mean of the marks from 0 to 10, and the share of marks of 9 or 10, from five firms on; and the firms that say in words that they are satisfied, each with its last answer, from three on."
unit: 0-10, percent or firms
row: one measure and date
sources_note: Register feedback.
caveats:
  - With marks of fewer than five firms no mean is given; the journal gives no mark and says in words that all three firms are satisfied.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with said as (
  select left(as_of, 7) as period, firm_id, score, in_words, provenance, source,
    row_number() over (partition by left(as_of, 7), firm_id order by in_words is null, as_of desc, step desc nulls last) as nth
  from core.programme_feedback
),
counted as (
  select period, count(distinct case when score is not null then firm_id end) as firms, count(score) as marks, avg(score) as mean,
    100 * avg(case when score >= 9 then 1.0 when score is not null then 0.0 end) as top_two,
    count(case when nth = 1 then in_words end) as asked, count(case when nth = 1 and in_words = 'satisfied' then 1 end) as satisfied,
    max(provenance) as provenance, max(source) as source
  from said
  group by period
),
measured as (
  select m.measure, c.*, case m.measure when 'satisfied_in_words' then c.asked else c.firms end as known, case m.measure when 'satisfied_in_words' then 3 else 5 end as fewest
  from counted c
  cross join (values ('mean'), ('top_two'), ('satisfied_in_words')) m(measure)
)
select measure as variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  case when known < fewest then null when measure = 'mean' then mean when measure = 'top_two' then top_two else satisfied end as value,
  case measure when 'mean' then '0-10' when 'top_two' then 'percent' else 'firms' end as unit,
  case when known >= fewest then 'A' when known = 0 then 'M' else 'C' end as status,
  case when known < fewest then null when measure = 'satisfied_in_words' then asked else marks end as n, provenance, source as sources
from measured
order by variant, period
