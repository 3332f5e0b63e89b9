/*
name: {en: Services in manufacturing output, es: Servicios en la producción manufacturera, eu: Zerbitzuak manufaktura-ekoizpenean}
question: How much of what manufacturers make is services?
definition: >-
  100 * output of service products / output of all products, of the manufacturing branches of the supply table at basic
  prices. A variant is a service set of the catalogue: S_core (CPA 58 to 82), S_plus_repair (with 33), S_margin (with trade
  45 to 47), S_plus_repair_margin (with both); type:<group> is one group of products. C is the sum of the branches, and
  :without_33 leaves out branch 33, whose main product is repair.
unit: percent
row: one place, year, service set or group, and branch or manufacturing
sources_note: Supply table, Eurostat naio_10_cp15 (core.supply).
caveats:
  - Services that are sold within the price of a good are not seen; separate service affiliates stand in service branches.
  - Output includes research and software that a firm keeps for itself as an asset (CPA 72 and 62); see serv_supply_kibs_part.
  - More than half of S_core are services of CPA 80 to 82; the level is that of formally recorded output of units, not of turnover.
  - Repair (33) is the main product of branch 33 and the largest secondary service of machinery; choose the set and say it.
reference: Dachs et al. 2012 (MPRA 38873) and 2014 (Service Industries Journal 34); ESA 2010, chapter 9
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: groups_add_up
    meaning: a branch whose groups of services do not add up to the widest set
    sql: >
      select whole.geo, whole.activity, whole.period, whole.value, sum(part.value) as total
      from indicators.serv_supply_share whole
      join indicators.serv_supply_share part using (geo, activity, period, sources)
      where whole.variant = 'S_plus_repair_margin' and starts_with(part.variant, 'type:') and not contains(part.variant, ':without_33')
      group by all having abs(sum(part.value) - whole.value) > 1e-9
      order by 1, 2, 3
  - name: wider_sets_hold_more
    meaning: a branch with less of a wider set of services than of one within it
    sql: >
      select narrow.geo, narrow.activity, narrow.period, narrow.sources, narrow.variant, narrow.value, wide.variant as wide_variant, wide.value as wide_value
      from indicators.serv_supply_share narrow
      join indicators.serv_supply_share wide using (geo, activity, period, sources)
      where (narrow.variant, wide.variant) in (('S_core', 'S_margin'), ('S_core', 'S_plus_repair'), ('S_margin', 'S_plus_repair_margin'), ('S_plus_repair', 'S_plus_repair_margin'))
        and narrow.value > wide.value + 1e-9
      order by all
*/
with cells as (
  select b.block, case when b.part = '' then '' else ':' || b.part end as part, b.n_block, b.n_divisions, s.*
  from core.supply s
  join catalogue.branch_blocks b
    on b.classification = s.branch_classification and b.version = s.branch_version and b.level = s.branch_level and b.activity = s.branch
  where s.origin = 'total' and b.block <> 'G-U'
),
services as (
  select service_set as variant, classification, version, level, activity, whole from catalogue.service_sets
  union
  select 'type:' || grp, classification, version, level, activity, whole from catalogue.service_sets
),
items as (
  select variant, classification, count(distinct whole) as n from services group by variant, classification
),
sold as (
  select s.variant, c.part, c.block, c.source, c.geo, c.period, c.branch_version, c.product_classification,
    sum(cast(c.value as decimal(28, 6))) as value, count(c.value) as n, count(distinct c.product) as n_products,
    count(distinct s.whole) as n_items,
    string_agg(distinct c.status, '' order by c.status) as status, string_agg(distinct c.provenance, ';' order by c.provenance) as provenance
  from cells c
  join services s
    on s.classification = c.product_classification and s.version = c.product_version and s.level = c.product_level and s.activity = c.product
  group by s.variant, c.part, c.block, c.source, c.geo, c.period, c.branch_version, c.product_classification
),
made as (
  select part, block, source, geo, period, branch_version,
    sum(cast(value as decimal(28, 6))) as value, count(value) as n_branches, abs(sum(n_divisions) - max(n_block)) < 1e-6 as is_whole,
    string_agg(distinct status, '' order by status) as status
  from cells
  where product_level = 'total'
  group by part, block, source, geo, period, branch_version
),
shares as (
  select s.*, m.status as total_status,
    case when m.is_whole and s.n_items = i.n and s.n = s.n_products * m.n_branches
      then 100 * cast(s.value as double) / nullif(cast(m.value as double), 0) end as share
  from sold s
  join items i on i.variant = s.variant and i.classification = s.product_classification
  join made m using (part, block, source, geo, period, branch_version)
)
select
  variant || part as variant,
  geo,
  case when block in ('C', 'G-U') then 'NACE2:' || block when branch_version = 'A86' then 'A86:' || block else 'NACE' || branch_version || ':' || block end as activity,
  period,
  share as value,
  status || total_status || case when share is null then 'M' else '' end as status,
  provenance,
  source as sources
from shares
order by variant, geo, activity, period
