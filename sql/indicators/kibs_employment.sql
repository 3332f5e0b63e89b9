/*
name: {en: KIBS employment, es: Empleo KIBS, eu: KIBS enplegua}
question: How many people work in knowledge-intensive business services?
definition: >-
  Employment in the activities of a KIBS variant, at the place of work.
unit: persons or jobs
row: one place, year and KIBS variant or group
sources_note: core.kibs, regional accounts of Eurostat (NUTS regions), Eustat accounts (territories) and jobs of the capitals.
caveats:
  - Accounts count persons or jobs, the capitals jobs, a labour force survey residents; do not mix them.
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
  - A missing part makes the sum missing.
reference: ESA 2010, chapter 11
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select variant, geo, activity, period, value as value, status, provenance, source as sources
from core.kibs
where measure = 'employment'
order by variant, geo, activity, period
