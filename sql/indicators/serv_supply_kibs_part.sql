/*
name: {en: Knowledge-intensive part of service output, es: Parte intensiva en conocimiento de los servicios producidos, eu: Ekoitzitako zerbitzuen zati jakintza-trinkoa}
question: How much of the services that manufacturers make is knowledge-intensive?
definition: >-
  100 * output of KIBS products / output of the products of a service set, of the manufacturing branches of the supply
  table. A variant is <KIBS variant>:<service set>; :without_72 leaves research out of both sums, :without_62-63_72 software
  and information as well. C is the sum of the branches; :without_33 leaves out branch 33.
unit: percent
row: one place, year, KIBS variant and service set, and branch or manufacturing
sources_note: Supply table, Eurostat naio_10_cp15 (core.supply).
caveats:
  - Research and software that a firm keeps for itself are output in ESA 2010; read the versions with and without them.
  - A branch that makes no product of the set has no figure.
  - Divisions 62 and 63 stand as one product, so software cannot be left out alone.
reference: Dachs et al. 2012 (MPRA 38873); KIBS variants of the catalogue
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - name: wider_sets_have_a_smaller_part
    meaning: a KIBS part that is larger in a wider set of services
    sql: >
      select core.geo, core.activity, core.period, core.variant, core.value, wide.value as wide_value
      from indicators.serv_supply_kibs_part core
      join indicators.serv_supply_kibs_part wide using (geo, activity, period, sources)
      where wide.variant = replace(core.variant, ':S_core', ':S_plus_repair_margin') and wide.value > core.value + 1e-9
      order by 1, 2, 3, 4
*/
with cells as (
  select b.block, case when b.part = '' then '' else ':' || b.part end as part, b.n_block, b.n_divisions, s.*
  from core.supply s
  join catalogue.branch_blocks b
    on b.classification = s.branch_classification and b.version = s.branch_version and b.level = s.branch_level and b.activity = s.branch
  where s.origin = 'total' and b.block <> 'G-U'
),
items as (
  select service_set, classification, count(distinct whole) as n from catalogue.service_sets group by service_set, classification
),
knowledge as (
  select k.variant, k.classification, k.version, k.level, k.activity
  from catalogue.kibs_definitions k
  join catalogue.kibs_variants v on v.variant = k.variant
  where (k.breakdown, k.classification) in (('a64', 'CPA'), ('a86', 'Eustat')) and (v.is_headline or k.variant = 'kibs_core')
),
measures as (
  select distinct variant as kibs, '' as without from knowledge
  union all
  select distinct variant, ':without_72' from knowledge
  union all
  select distinct variant, ':without_62-63_72' from knowledge
),
sums as (
  select m.kibs, m.without, s.service_set, c.part, c.block, c.source, c.geo, c.period, c.branch_version,
    sum(cast(case when k.activity is not null then c.value else 0 end as decimal(28, 6))) as knowledge,
    sum(cast(c.value as decimal(28, 6))) as services,
    count(*) - count(c.value) as n_missing,
    string_agg(distinct c.status, '' order by c.status) as status, string_agg(distinct c.provenance, ';' order by c.provenance) as provenance
  from cells c
  join catalogue.service_sets s
    on s.classification = c.product_classification and s.version = c.product_version and s.level = c.product_level and s.activity = c.product
  join measures m on m.without = ''
    or not (c.product_classification = 'CPA' and c.product = '72' or c.product_classification = 'Eustat' and c.product = '70')
      and (m.without = ':without_72' or not (c.product_classification = 'CPA' and c.product = '62-63' or c.product_classification = 'Eustat' and c.product = '62'))
  left join knowledge k
    on k.variant = m.kibs and k.classification = s.classification and k.version = s.version and k.level = s.level and k.activity = s.activity
  group by m.kibs, m.without, s.service_set, c.part, c.block, c.source, c.geo, c.period, c.branch_version
),
present as (
  select s.service_set, c.part, c.block, c.source, c.geo, c.period, c.branch_version, max(c.product_classification) as product_classification,
    count(distinct s.whole) as n_items, count(*) = count(distinct c.product) * count(distinct c.branch) as is_full
  from cells c
  join catalogue.service_sets s
    on s.classification = c.product_classification and s.version = c.product_version and s.level = c.product_level and s.activity = c.product
  group by s.service_set, c.part, c.block, c.source, c.geo, c.period, c.branch_version
),
blocks as (
  select part, block, source, geo, period, branch_version, abs(sum(n_divisions) - max(n_block)) < 1e-6 as is_whole
  from cells
  where product_level = 'total'
  group by part, block, source, geo, period, branch_version
),
parts as (
  select s.*,
    case when b.is_whole and p.is_full and p.n_items = i.n and s.n_missing = 0
      then 100 * cast(s.knowledge as double) / nullif(cast(s.services as double), 0) end as value
  from sums s
  join present p using (service_set, part, block, source, geo, period, branch_version)
  join blocks b using (part, block, source, geo, period, branch_version)
  join items i on i.service_set = s.service_set and i.classification = p.product_classification
)
select
  kibs || ':' || service_set || without || part as variant,
  geo,
  case when block in ('C', 'G-U') then 'NACE2:' || block when branch_version = 'A86' then 'A86:' || block else 'NACE' || branch_version || ':' || block end as activity,
  period,
  value,
  status || case when value is null then 'M' else '' end as status,
  provenance,
  source as sources
from parts
order by variant, geo, activity, period
