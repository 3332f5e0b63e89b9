/*
name: {en: KIBS establishments, es: Establecimientos KIBS, eu: KIBS establezimenduak}
question: How many establishments of knowledge-intensive business services are there?
definition: >-
  Establishments of the directory in the activities of a KIBS variant on 1 January.
unit: establishments
row: one place, year and KIBS variant or group
sources_note: Eustat directory (core.establishments).
caveats:
  - An establishment is not an enterprise.
  - Own-account professionals inflate 69 to 71.
  - A missing part makes the sum missing.
reference: Eustat, directory of economic activities
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select variant, geo, activity, period, value as value, status, provenance, source as sources
from core.kibs
where measure = 'establishments'
order by variant, geo, activity, period
