/*
name: {en: KIBS apparent labour productivity, es: Productividad aparente KIBS, eu: KIBSen itxurazko produktibitatea}
question: How much value added does a job in these services make?
definition: >-
  Gross value added / employment, of the activities of a KIBS variant, both from one system of accounts.
unit: thousand euro per person
row: one place, year and KIBS variant or group
sources_note: core.kibs.
caveats:
  - Finance (imputed services) distorts; see the groups.
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
  - A missing part makes the sum missing.
reference: ESA 2010
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 5, max_value: 500}, severity: warning}
*/
select g.variant, g.geo, g.activity, g.period, 1000 * g.value / nullif(e.value, 0) as value, g.status || e.status as status,
  g.provenance || ';' || e.provenance as provenance, g.source || ';' || e.source as sources
from core.kibs g
join core.kibs e on e.measure = 'employment' and e.system = g.system and e.variant = g.variant and e.geo = g.geo and e.period = g.period
where g.measure = 'gva'
order by variant, geo, activity, period
