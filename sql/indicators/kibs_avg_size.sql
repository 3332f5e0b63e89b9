/*
name: {en: Mean size of KIBS establishments, es: Tamaño medio de los establecimientos KIBS, eu: KIBS establezimenduen batez besteko tamaina}
question: How large is the average establishment?
definition: >-
  Employment / establishments of a KIBS variant.
unit: jobs per establishment
row: one place, year and KIBS variant or group
sources_note: core.kibs.
caveats:
  - Numerator and denominator are from different registers, so the figure is marked E (estimated).
reference: Own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0.5, max_value: 100}, severity: warning}
*/
select e.variant, e.geo, e.activity, e.period, e.value / nullif(n.value, 0) as value, e.status || n.status || 'E' as status,
  e.provenance || ';' || n.provenance as provenance, e.source || ';' || n.source as sources
from core.kibs e
join core.kibs n on n.measure = 'establishments' and n.variant = e.variant and n.geo = e.geo and n.period = e.period
where e.measure = 'employment' and e.system = 'eustat'
order by variant, geo, activity, period
