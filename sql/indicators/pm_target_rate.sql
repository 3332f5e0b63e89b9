/*
name: {en: Target attainment, es: Grado de cumplimiento, eu: Betetze-maila}
question: How much of each target has been reached?
definition: "100 * actual / target, one row a target; the variant names the indicator."
unit: percent
row: one indicator, group of cases and date
sources_note: Registers of the programme (core.programme_progress).
caveats:
  - All targets here are better the higher; one that is better the lower would have to be turned round.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select indicator || scope as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period, 100 * actual / nullif(target, 0) as value,
  case when actual is null or target = 0 then 'M' else status end as status, provenance, source as sources
from core.programme_progress
order by variant, period
