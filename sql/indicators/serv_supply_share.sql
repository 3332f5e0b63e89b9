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
*/
with manufacturing as (
  select classification, version, level, activity, count(*) as n_divisions
  from catalogue.activity_divisions
  where classification = 'NACE'
  group by classification, version, level, activity
  having min(division) >= '10' and max(division) <= '33'
),
cells as (
  select s.source, s.geo, s.period, s.branch_version, s.branch, s.product_classification, s.product_version,
    s.product_level, s.product, s.value, s.status, s.provenance, m.n_divisions
  from core.supply s
  join manufacturing m
    on m.classification = s.branch_classification and m.version = s.branch_version and m.level = s.branch_level and m.activity = s.branch
  where s.origin = 'total'
),
blocks as (
  select branch as block, '' as part, * from cells
  union all
  select 'C' as block, '' as part, * from cells
  union all
  select 'C' as block, ':without_33' as part, * from cells where branch <> '33'
),
services as (
  select service_set as variant, classification, version, level, activity from catalogue.service_sets
  union
  select 'type:' || grp, classification, version, level, activity from catalogue.service_sets
),
sold as (
  select s.variant, b.part, b.block, b.source, b.geo, b.period, b.branch_version,
    sum(cast(b.value as decimal(28, 6))) as value, count(b.value) as n, count(distinct b.product) as n_products,
    string_agg(distinct b.status, '' order by b.status) as status, string_agg(distinct b.provenance, ';' order by b.provenance) as provenance
  from blocks b
  join services s
    on s.classification = b.product_classification and s.version = b.product_version and s.level = b.product_level and s.activity = b.product
  group by s.variant, b.part, b.block, b.source, b.geo, b.period, b.branch_version
),
made as (
  select part, block, source, geo, period, branch_version,
    sum(cast(value as decimal(28, 6))) as value, count(value) as n_branches,
    case when block <> 'C' then true else sum(n_divisions) = case when part = '' then 24 else 23 end end as is_whole,
    string_agg(distinct status, '' order by status) as status
  from blocks
  where product_level = 'total'
  group by part, block, source, geo, period, branch_version
)
select
  s.variant || s.part as variant,
  s.geo,
  'NACE' || s.branch_version || ':' || s.block as activity,
  s.period,
  case when s.n = s.n_products * m.n_branches and m.is_whole then 100 * cast(s.value as double) / nullif(cast(m.value as double), 0) end as value,
  s.status || m.status
    || case when s.n = s.n_products * m.n_branches and m.is_whole and m.value <> 0 then '' else 'M' end as status,
  s.provenance,
  s.source as sources
from sold s
join made m using (part, block, source, geo, period, branch_version)
order by variant, geo, activity, period
