/*
name: {en: KIBS share of gross value added, es: Peso de los KIBS en el VAB, eu: KIBSen pisua BEGean}
question: How much of value added comes from knowledge-intensive business services?
definition: >-
  100 * gross value added of the activities of a KIBS variant / total gross value added, current prices. Regional accounts of Eurostat merge M with N, so there the only variant is kibs_jkmn; A38 has the headline. The same over gross domestic product has the suffix _gdp.
unit: percent
row: one place, year and KIBS variant or group
sources_note: core.kibs; gross domestic product from core.gva_a38.
caveats:
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
  - The headline denominator is gross value added; gross domestic product adds net taxes on products and makes the share smaller.
  - A missing part makes the sum missing.
reference: KIBS variants of the catalogue; ESA 2010, 8.89
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0.2, max_value: 60}, severity: warning}
  - name: groups_add_up
    meaning: a place and year whose groups do not add to the variant
    sql: >
      select whole.variant, whole.geo, whole.period, max(whole.value) as value, sum(part.value) as total
      from indicators.kibs_gva_share whole
      join indicators.kibs_gva_share part on part.geo = whole.geo and part.period = whole.period and starts_with(part.variant, whole.variant || ':')
      where whole.value is not null
      group by whole.variant, whole.geo, whole.period
      having abs(sum(part.value) - max(whole.value)) > 1e-6
      order by 1, 2, 3
*/
select variant, geo, activity, period, 100 * value / nullif(total, 0) as value, status, provenance, source as sources
from core.kibs
where measure = 'gva'
union all
select k.variant || '_gdp', k.geo, k.activity, k.period, 100 * k.value * 1000 / nullif(g.value, 0), k.status || g.status,
  k.provenance || ';' || g.provenance, k.source || ';' || g.source
from core.kibs k
join core.gva_a38 g on g.source = k.source and g.geo = k.geo and g.period = k.period and g.activity = 'gdp'
where k.measure = 'gva' and k.variant not like '%:%'
order by variant, geo, activity, period
