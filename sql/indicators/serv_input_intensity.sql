/*
name: {en: Service inputs per unit of output, es: Intensidad de insumos de servicios, eu: Zerbitzu-inputen intentsitatea}
question: How many services does industry buy for what it makes?
definition: >-
  100 * services that manufacturing branches buy for production (purchasers' prices) / their output (P1), use table. A variant
  is S_core (CPA 58 to 82), a KIBS variant, or type:<group>; a suffix names the origin of the product where a table tells
  origins apart. C is the sum of the branches; :without_33 leaves out branch 33.
unit: percent
row: one place, year, set of services and origin, and branch or manufacturing
sources_note: Use table, Eurostat naio_10_cp16 (core.use).
caveats:
  - What industry buys, not what it sells; inputs are no sign of servitized revenue.
  - Services made within the firm are not seen.
  - Only sets whose products the table shows have rows; the table of Spain has CPA 58 to 82, without repair and trade.
  - Investment (software, research) is no input.
reference: Miller and Blair 2009; ESA 2010, chapter 9
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: groups_add_up
    meaning: a branch whose groups of services do not add up to S_core
    sql: >
      select whole.geo, whole.activity, whole.period, whole.value, sum(part.value) as total
      from indicators.serv_input_intensity whole
      join indicators.serv_input_intensity part using (geo, activity, period, sources)
      where whole.variant = 'S_core' and part.variant in ('type:ict', 'type:finance', 'type:real_estate', 'type:professional', 'type:rental_and_staff', 'type:support')
      group by all having abs(sum(part.value) - whole.value) > 1e-9
      order by 1, 2, 3
*/
with cells as (
  select b.block, case when b.part = '' then '' else ':' || b.part end as part, b.n_block, b.n_divisions, u.*
  from core.use u
  join catalogue.branch_blocks b
    on b.classification = u.branch_classification and b.version = u.branch_version and b.level = u.branch_level and b.activity = u.branch
  where b.block <> 'G-U'
),
services as (
  select service_set as variant, classification, version, level, activity, whole from catalogue.service_sets
  union
  select 'type:' || grp, classification, version, level, activity, whole from catalogue.service_sets
  union
  select k.variant, k.classification, k.version, k.level, k.activity, k.activity
  from catalogue.kibs_definitions k
  join catalogue.kibs_variants v on v.variant = k.variant
  where (k.breakdown, k.classification) in (('a64', 'CPA'), ('a86', 'Eustat')) and (v.is_headline or k.variant = 'kibs_core')
),
items as (
  select variant, classification, count(distinct whole) as n from services group by variant, classification
),
bought as (
  select s.variant, c.part, c.block, c.source, c.geo, c.period, c.branch_version, c.origin, c.product_classification,
    sum(cast(c.value as decimal(28, 6))) as value, count(c.value) as n, count(distinct c.product) as n_products,
    count(distinct s.whole) as n_items,
    string_agg(distinct c.status, '' order by c.status) as status, string_agg(distinct c.provenance, ';' order by c.provenance) as provenance
  from cells c
  join services s
    on s.classification = c.product_classification and s.version = c.product_version and s.level = c.product_level and s.activity = c.product
  group by s.variant, c.part, c.block, c.source, c.geo, c.period, c.branch_version, c.origin, c.product_classification
),
made as (
  select part, block, source, geo, period, branch_version,
    sum(cast(value as decimal(28, 6))) as value, count(value) as n_branches, abs(sum(n_divisions) - max(n_block)) < 1e-6 as is_whole,
    string_agg(distinct status, '' order by status) as status
  from cells
  where product = 'P1' and origin = 'total'
  group by part, block, source, geo, period, branch_version
),
shares as (
  select b.*, m.status as output_status,
    case when m.is_whole and b.n = b.n_products * m.n_branches
      then 100 * cast(b.value as double) / nullif(cast(m.value as double), 0) end as share
  from bought b
  join items i on i.variant = b.variant and i.classification = b.product_classification and i.n = b.n_items
  join made m using (part, block, source, geo, period, branch_version)
)
select
  variant || case when origin = 'total' then '' else ':' || origin end || part as variant,
  geo,
  case when block in ('C', 'G-U') then 'NACE2:' || block when branch_version = 'A86' then 'A86:' || block else 'NACE' || branch_version || ':' || block end as activity,
  period,
  share as value,
  status || output_status || case when share is null then 'M' else '' end as status,
  provenance,
  source as sources
from shares
order by variant, geo, activity, period
