/*
name: {en: KIBS share of employment, es: Peso del empleo KIBS, eu: KIBSen pisua enpleguan}
question: How much of employment is in knowledge-intensive business services?
definition: >-
  100 * employment in the activities of a KIBS variant / total employment. Regional accounts of Eurostat merge M with N, so there the only variant is kibs_jkmn (J + K + M_N), wider than the headline; A38 has the headline.
unit: percent
row: one place, year and KIBS variant or group
sources_note: core.kibs.
caveats:
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
  - A missing part makes the sum missing.
reference: KIBS variants of the catalogue; ESA 2010, chapter 11
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0.2, max_value: 60}, severity: warning}
  - name: groups_add_up
    meaning: a place and year whose groups do not add to the variant
    sql: >
      select whole.variant, whole.geo, whole.period, max(whole.value) as value, sum(part.value) as total
      from indicators.kibs_emp_share whole
      join indicators.kibs_emp_share part on part.geo = whole.geo and part.period = whole.period and starts_with(part.variant, whole.variant || ':')
      where whole.value is not null
      group by whole.variant, whole.geo, whole.period
      having abs(sum(part.value) - max(whole.value)) > 1e-6
      order by 1, 2, 3
*/
select variant, geo, activity, period, 100 * value / nullif(total, 0) as value, status, provenance, source as sources
from core.kibs
where measure = 'employment'
order by variant, geo, activity, period
