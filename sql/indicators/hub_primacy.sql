/*
name: {en: City share of the region's KIBS, es: Cuota de la ciudad en los KIBS de la región, eu: Hiriaren kuota eskualdeko KIBSetan}
question: How much of the region stands in the city?
definition: >-
  100 * KIBS of the city / KIBS of the region, by jobs, value added and establishments.
unit: percent
row: one city, year, measure and KIBS variant or group
sources_note: core.kibs.
caveats:
  - The city is its municipality; the functional area (Gran Bilbao) stands beside it where the source has it.
  - Jobs of the capitals and of the region come from two tables of accounts.
reference: Own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
select c.measure || ':' || c.variant as variant, c.geo, 'ES21' as comparator, c.activity, c.period, 100 * c.value / nullif(r.value, 0) as value,
  c.status || r.status as status, c.provenance || ';' || r.provenance as provenance, c.source || ';' || r.source as sources
from core.kibs c
join catalogue.geographies g on g.geo = c.geo and (g.kind in ('municipality', 'comarca'))
join core.kibs r on r.geo = 'ES21' and r.measure = c.measure and r.system = c.system and r.variant = c.variant and r.period = c.period
order by variant, geo, comparator, activity, period
