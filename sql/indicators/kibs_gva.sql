/*
name: {en: KIBS gross value added, es: VAB de los KIBS, eu: KIBSen balio erantsi gordina}
question: What do knowledge-intensive business services add to the economy?
definition: >-
  Gross value added of the activities of a KIBS variant at basic and current prices.
unit: million euro
row: one place, year and KIBS variant or group
sources_note: core.kibs.
caveats:
  - At current prices, growth holds inflation.
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
  - A missing part makes the sum missing.
reference: ESA 2010, chapter 8
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select variant, geo, activity, period, value as value, status, provenance, source as sources
from core.kibs
where measure = 'gva'
order by variant, geo, activity, period
