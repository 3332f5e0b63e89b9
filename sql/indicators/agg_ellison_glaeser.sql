/*
name: {en: Ellison-Glaeser agglomeration, es: Ellison-Glaeser, eu: Ellison-Glaeser}
question: Do knowledge services stand closer together than chance and the size of their establishments would have it?
definition: >-
  gamma = (G - (1 - X) H) / ((1 - X)(1 - H)), G the squared differences between the districts' shares of the section's persons and of all persons, X the
  districts' squared shares, H the establishments' Herfindahl index; beside it g, the plant Herfindahl and z, G's distance from chance in standard deviations.
unit: index, or standard deviations
row: one section, measure and year
sources_note: core.directory by size class, districts; catalogue.size_classes.
caveats:
  - Approximation (E); every establishment of a size class has the persons that catalogue.size_classes says, and the largest class is open.
  - 0 is what throwing establishments at random gives; above 0.05 is commonly called high.
reference: Ellison and Glaeser 1997 (Journal of Political Economy 105)
estimator: structure_rows.agglomeration
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: n, min_value: 2}}
  - name: gamma_of_its_parts
    meaning: an index above what its spatial Gini allows
    sql: >
      select gamma.variant, gamma.geo, gamma.period, gamma.value, g.value as g
      from indicators.agg_ellison_glaeser gamma
      join indicators.agg_ellison_glaeser g on g.variant = replace(gamma.variant, ':gamma', ':g') and g.geo = gamma.geo and g.period = gamma.period
      where ends_with(gamma.variant, ':gamma') and gamma.value > 2 * g.value + 1e-9
      order by 1, 2, 3
*/
with plants as (
  select d.geo as place, d.activity, d.period, c.persons, d.value, d.status, d.provenance, d.source
  from core.directory d
  join catalogue.size_classes c using (size)
  where d.measure = 'stock' and not starts_with(d.geo, 'ES')
),
reference as (
  select place, period, case when count(*) = count(value) then cast(sum(cast(value as decimal(28, 6)) * cast(persons as decimal(28, 6))) as double) end as persons
  from plants where activity = 'TOTAL' group by place, period
)
select 'section_' || lower(p.activity) as variant, 'ES21' as geo, 'NACE2:' || p.activity as activity, p.period, p.place, p.persons, p.value, r.persons as reference,
  p.status, p.provenance, p.source as sources
from plants p
join reference r using (place, period)
where p.activity in ('C', 'J', 'K', 'M')
order by variant, geo, activity, period, place, persons
