/*
name: {en: UIA challenge level, es: Nivel de reto UIA, eu: UIA erronkaren maila}
question: How hard are the eight challenges of implementation?
definition: "Level of each challenge at a date, low = 1, medium = 2, high = 3. Challenges, in order, are leadership, public procurement, cross-department working, participative approach, monitoring and evaluation, financial sustainability, communication with beneficiaries, upscaling."
unit: level from 1 to 3
row: one challenge and date
sources_note: Register assessment.
caveats:
  - Levels are ordinal and of different things; they are not averaged.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_in_set, kwargs: {column: value, value_set: [1, 2, 3]}}
*/
select 'challenge=' || cast(cast(challenge as integer) as varchar) as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period,
  case level when 'low' then 1 when 'medium' then 2 when 'high' then 3 end as value,
  status, provenance, source as sources
from core.programme_assessment
order by variant, period
