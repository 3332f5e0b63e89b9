/*
name: {en: Primacy ratio, es: Ratio de primacía, eu: Nagusitasun-ratioa}
question: Is the city's share of KIBS larger than its share of everything?
definition: >-
  (KIBS of the city / KIBS of the region) / (all of the city / all of the region), by jobs, value added and establishments; the location quotient of the city in its region.
unit: ratio
row: one city, year, measure and KIBS variant or group
sources_note: core.kibs.
caveats:
  - The city is its municipality; the functional area (Gran Bilbao) stands beside it where the source has it.
  - Jobs of the capitals and of the region come from two tables of accounts.
reference: Own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select c.measure || ':' || c.variant as variant, c.geo, 'ES21' as comparator, c.activity, c.period, c.value / nullif(r.value, 0) / nullif(c.total / nullif(r.total, 0), 0) as value,
  c.status || r.status as status, c.provenance || ';' || r.provenance as provenance, c.source || ';' || r.source as sources
from core.kibs c
join catalogue.geographies g on g.geo = c.geo and (g.kind in ('municipality', 'comarca'))
join core.kibs r on r.geo = 'ES21' and r.measure = c.measure and r.system = c.system and r.variant = c.variant and r.period = c.period
order by variant, geo, comparator, activity, period
