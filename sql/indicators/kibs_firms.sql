/*
name: {en: KIBS enterprises, es: Empresas KIBS, eu: KIBS enpresak}
question: How many enterprises of knowledge-intensive business services have their seat here?
definition: Enterprises of the directory in the activities of a KIBS variant on 1 January, by the territory of their registered office.
unit: enterprises
row: one place, year and KIBS variant or group
sources_note: Eustat directory (core.enterprises).
caveats:
  - Enterprises with their seat elsewhere are missing, however many work here; the table stops at the territory, so a city has none.
  - Never divided by the employment of establishments.
  - A missing part makes the sum missing.
reference: Eustat, directory of economic activities
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select variant, geo, activity, period, value as value, status, provenance, source as sources
from core.kibs
where measure = 'enterprises'
order by variant, geo, activity, period
