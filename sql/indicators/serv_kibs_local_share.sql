/*
name: {en: Share of industry's KIBS inputs bought in the region, es: KIBS regionales en las compras de la industria, eu: Bertako KIBSen pisua industriaren erosketetan}
question: Do manufacturers buy knowledge-intensive services in the region?
definition: >-
  100 * KIBS products of regional origin used by manufacturing / KIBS products used by manufacturing, by KIBS variant; beside it
  the parts from the rest of Spain and from abroad.
unit: percent
row: one branch or manufacturing, year, KIBS variant and origin
sources_note: Eustat use tables with geographical origin (core.use).
caveats:
  - Origin is modelled by the publisher.
  - The two bases of the table are a break and are not joined.
reference: ESA 2010, chapter 9
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: origins_add_to_100
    meaning: a branch whose origins do not add up to 100
    sql: >
      select split_part(variant, ':', 1) as of, activity, period, sources, sum(value) as total from indicators.serv_kibs_local_share
      group by all having count(value) = count(*) and abs(sum(value) - 100) > 1e-6 order by all
*/
with bought as (
  select k.variant, u.origin, u.source, u.geo, u.period,
    case when b.block = 'C' then 'NACE2:C' else 'A86:' || b.block end as activity,
    sum(cast(u.value as decimal(28, 6))) as value, count(*) = count(u.value) as is_whole,
    string_agg(distinct u.status, '' order by u.status) as status, max(u.provenance) as provenance
  from core.use u
  join catalogue.kibs_definitions k
    on k.classification = u.product_classification and k.version = u.product_version and k.level = u.product_level and k.activity = u.product and k.breakdown = 'a86'
  join catalogue.branch_blocks b
    on b.classification = u.branch_classification and b.version = u.branch_version and b.level = u.branch_level and b.activity = u.branch
  where u.product_classification = 'Eustat' and b.block <> 'G-U' and b.part = ''
  group by k.variant, u.origin, u.source, u.geo, u.period, b.block
)
select
  p.variant || ':' || p.origin as variant, p.geo, p.activity, p.period,
  case when p.is_whole and w.is_whole then 100 * cast(p.value as double) / nullif(cast(w.value as double), 0) end as value,
  p.status || w.status || case when p.is_whole and w.is_whole and w.value <> 0 then '' else 'M' end as status,
  p.provenance || ';' || w.provenance as provenance,
  p.source as sources
from bought p
join bought w using (variant, source, geo, period, activity)
where w.origin = 'total' and p.origin <> 'total'
order by variant, geo, activity, period
