/*
name: {en: KIBS share of gross value added, es: Peso de los KIBS en el VAB, eu: KIBSen pisua BEGean}
question: How much of value added comes from knowledge-intensive business services?
definition: >-
  100 * gross value added of the activities of a KIBS variant / total gross value added, current prices. Regional accounts merge M with N, so at this
  level the only variant is kibs_jkmn (J + K + M_N), which is wider than the headline J + K + M; its groups are shown beside it.
unit: percent
row: one place, year and KIBS variant or group
sources_note: Regional accounts gross value added, Eurostat nama_10r_3gva.
caveats:
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M.
  - The denominator is gross value added, not GDP, which adds net taxes on products.
  - A missing part makes the sum missing.
reference: KIBS variants of the catalogue; ESA 2010, 8.89
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: groups_add_up
    meaning: a place and year whose three groups do not add to the variant
    sql: >
      select whole.geo, whole.period, whole.value, sum(part.value) as total
      from indicators.kibs_gva_share whole
      join indicators.kibs_gva_share part on part.geo = whole.geo and part.period = whole.period and starts_with(part.variant, whole.variant || ':')
      where whole.value is not null
      group by whole.geo, whole.period, whole.value
      having abs(sum(part.value) - whole.value) > 1e-9
      order by 1, 2
*/
with parts as (
  select k.variant, k.grp, e.*
  from core.gva e
  join catalogue.kibs_definitions k
    on k.classification = e.classification and k.version = e.version and k.activity = e.activity
  where k.variant = 'kibs_jkmn'
),
labelled as (
  select variant as series, * from parts
  union all
  select variant || ':' || grp as series, * from parts
),
summed as (
  select series, geo, period, source,
    string_agg(activity, '+' order by activity) as activities,
    sum(cast(value as decimal(28, 6))) as value, count(*) as n, count(value) as n_published,
    string_agg(status, '' order by activity) as status, string_agg(distinct provenance, ';' order by provenance) as provenance
  from labelled
  group by series, geo, period, source
),
expected as (
  select variant as series, count(*) as n from catalogue.kibs_definitions where variant = 'kibs_jkmn' group by variant
  union all
  select variant || ':' || grp, count(*) from catalogue.kibs_definitions where variant = 'kibs_jkmn' group by variant, grp
)
select
  s.series as variant,
  s.geo,
  'NACE2:' || s.activities as activity,
  s.period,
  case when s.n_published = x.n then 100 * cast(s.value as double) / nullif(t.value, 0) end as value,
  s.status || t.status || case when s.n_published = x.n then '' else 'M' end as status,
  s.provenance || ';' || t.provenance as provenance,
  s.source || ';' || t.source as sources
from summed s
join expected x on x.series = s.series and x.n = s.n
join core.gva t on t.source = s.source and t.geo = s.geo and t.period = s.period
  and t.classification = 'NACE' and t.version = '2' and t.activity = 'TOTAL'
order by variant, geo, activity, period
