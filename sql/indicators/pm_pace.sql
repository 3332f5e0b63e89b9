/*
name: {en: Pace against the plan, es: Ritmo respecto al plan, eu: Planaren araberako erritmoa}
question: Is the programme on the way to its targets?
definition: "(actual / target) / (elapsed / total time), one row a target; 1 is on plan. Counts carry the exact Poisson interval."
unit: ratio
row: one indicator, group of cases and date
sources_note: Registers of the programme (core.programme_progress).
caveats:
  - The plan is taken as a straight line from the start to the due date.
  - Read below 0.8 as behind, from 0.8 to 1 as nearly on plan, from 1 as on plan; these marks are a convention.
  - Where the registers hold a floor alone, the pace is missing and a row ending in at_least has the floor, with no upper bound.
reference: Garwood 1936 (Biometrika 28) for the interval of a count
estimator: programme.pace
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select indicator || scope as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period, actual, at_least, unit <> 'hours' as is_count, target,
  starts_on, due_on, as_of, provenance, source as sources
from core.programme_progress
order by variant, period
