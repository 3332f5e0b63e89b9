/*
name: {en: Participant satisfaction, es: Satisfacción, eu: Gogobetetzea}
question: Are the firms satisfied with the mentoring?
definition: "Mean of the marks from 0 to 10, and the share of marks of 9 or 10, from five firms on; and the firms that say in words that they are satisfied, each with its last answer, from three on; whole, by step and by group of cases."
unit: 0-10, percent or firms
row: one measure, part and date
sources_note: Registers feedback and case.
caveats:
  - With marks of fewer than five firms no mean is given; the journal gives no mark and says in words that all three firms are satisfied.
  - Where one part of a breakdown has too few firms none of its parts is given, as the whole and the others would give it away.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with cohorts as (
  select case_id, max(cohort) as cohort from core.programme_case group by case_id
),
parts as (
  select left(f.as_of, 7) as period, f.as_of, f.step, f.firm_id, f.score, f.in_words, f.provenance, f.source, b.breakdown,
    case b.breakdown when 'step' then cast(cast(f.step as integer) as varchar) when 'cohort' then c.cohort end as part
  from core.programme_feedback f
  left join cohorts c on c.case_id = f.case_id
  cross join (values ('all'), ('step'), ('cohort')) b(breakdown)
),
said as (
  select *, row_number() over (partition by period, breakdown, part, firm_id order by in_words is null, as_of desc, step desc nulls last) as nth
  from parts
),
counted as (
  select period, breakdown, part, count(distinct case when score is not null then firm_id end) as firms, count(score) as marks, avg(score) as mean,
    100 * avg(case when score >= 9 then 1.0 when score is not null then 0.0 end) as top_two,
    count(case when nth = 1 then in_words end) as asked, count(case when nth = 1 and in_words = 'satisfied' then 1 end) as satisfied,
    max(provenance) as provenance, max(source) as source
  from said
  group by period, breakdown, part
),
measured as (
  select m.measure, c.*, case m.measure when 'satisfied_in_words' then c.asked else c.firms end as known, case m.measure when 'satisfied_in_words' then 3 else 5 end as fewest
  from counted c
  cross join (values ('mean'), ('top_two'), ('satisfied_in_words')) m(measure)
),
judged as (
  select *, min(case when known > 0 then known end) over (partition by measure, period, breakdown) >= fewest as is_open
  from measured
)
select case breakdown when 'all' then measure else measure || ':' || breakdown || '=' || part end as variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  case when known = 0 or not is_open then null when measure = 'mean' then mean when measure = 'top_two' then top_two else satisfied end as value,
  case measure when 'mean' then '0-10' when 'top_two' then 'percent' else 'firms' end as unit,
  case when known = 0 then 'M' when is_open then 'A' else 'C' end as status,
  case when known = 0 or not is_open then null when measure = 'satisfied_in_words' then asked else marks end as n, provenance,
  case breakdown when 'cohort' then source || ';programme_case' else source end as sources
from judged
where breakdown = 'all' or part is not null
order by variant, period
