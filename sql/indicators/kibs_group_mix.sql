/*
name: {en: KIBS mix by group, es: Composición de los KIBS por grupos, eu: KIBSen osaera taldeka}
question: Which groups make up the knowledge-intensive business services of a place?
definition: >-
  100 * employment of a group (ICT; finance; professional, technical and R&D) / employment of the KIBS variant.
unit: percent
row: one place, year and KIBS variant or group
sources_note: core.kibs.
caveats:
  - Shares of a place and year add up to 100.
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
reference: KIBS variants of the catalogue
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: adds_to_100
    meaning: a place and year whose groups do not add up to 100
    sql: >
      select split_part(variant, ':', 1) as of, geo, period, sum(value) as total from indicators.kibs_group_mix
      group by all having count(value) = count(*) and abs(sum(value) - 100) > 1e-6 order by all
*/
select g.variant, g.geo, g.activity, g.period, 100 * g.value / nullif(w.value, 0) as value, g.status || w.status as status,
  g.provenance || ';' || w.provenance as provenance, g.source || ';' || w.source as sources
from core.kibs g
join core.kibs w on w.measure = g.measure and w.source = g.source and w.geo = g.geo and w.period = g.period and g.variant like w.variant || ':%'
where g.measure = 'employment'
order by variant, geo, activity, period
