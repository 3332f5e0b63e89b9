/*
name: {en: Client mix of KIBS, es: Cartera de clientes KIBS, eu: KIBSen bezero-osaera}
question: Who buys knowledge-intensive services?
definition: >-
  Percentage of all uses of the products of a KIBS variant by block of buyers (primary, industry, construction, kibs, other services, public services,
  households, government, capital formation, exports). Of regional origin in Eustat's tables, where exports are told apart into the rest of Spain and abroad;
  of all origins in Eurostat's table for Spain.
unit: percent
row: one KIBS variant or its ICT group, block of buyers and year
sources_note: Use tables (core.use), Eustat and Eurostat.
caveats:
  - Capital formation (software, research and development) is a client of its own; the use table does not say whose.
  - Regional tables are at their publisher's prices and Spain's at purchasers' prices, with imports; the two are not compared cell by cell.
  - Changes in inventories stand with capital formation.
reference: ESA 2010, chapter 9; own blocks
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -1, max_value: 101}}
  - name: blocks_make_the_whole
    meaning: a variant whose blocks do not add up to 100
    sql: >
      select geo, period, sources, regexp_replace(variant, ':[^:]*$', '') as series, sum(value) as parts
      from indicators.client_mix group by all
      having count(*) = count(value) and abs(sum(value) - 100) > 0.5
      order by all
*/
with divisions as (
  select classification, version, level, activity, min(division) as first from catalogue.activity_divisions group by classification, version, level, activity
),
members as (
  select variant, classification, version, level, activity from catalogue.kibs_definitions
  where breakdown in ('a64', 'a86') and variant in ('kibs_seed_sections', 'kibs_core')
  union all
  select variant || '_ict', classification, version, level, activity from catalogue.kibs_definitions
  where breakdown in ('a64', 'a86') and variant in ('kibs_seed_sections', 'kibs_core') and grp = 'ict'
),
uses as (
  select m.variant, u.source, u.geo, u.period, u.product_classification, u.product, u.branch, u.branch_level, u.value, u.status, u.provenance,
    case
      when u.branch_level = 'total' then u.branch
      when u.branch in ('P3_S14', 'P3_S15') then 'households'
      when u.branch = 'P3_S13' then 'government'
      when u.branch = 'P5' then 'capital_formation'
      when u.branch = 'P6_ES' then 'exports_rest_of_spain'
      when u.branch = 'P6_X' then 'exports_abroad'
      when u.branch = 'P6' then 'exports'
      when u.branch_level = 'final_use' then 'not counted'
      when k.activity is not null then 'kibs'
      when d.first < '05' then 'primary'
      when d.first < '41' then 'industry'
      when d.first < '45' then 'construction'
      when d.first >= '84' and d.first < '90' then 'public_services'
      else 'other_services'
    end as block
  from core.use u
  join members m
    on m.classification = u.product_classification and m.version = u.product_version and m.level = u.product_level and m.activity = u.product
  left join divisions d
    on d.classification = u.branch_classification and d.version = u.branch_version and d.level = u.branch_level and d.activity = u.branch
  left join members k
    on k.variant = replace(m.variant, '_ict', '') and k.classification = u.branch_classification and k.version = u.branch_version and k.level = u.branch_level
    and k.activity = u.branch
  where u.origin = case when u.product_classification = 'Eustat' then 'region' else 'total' end
),
summed as (
  select variant, source, geo, period, block, case when count(*) = count(value) then sum(cast(value as decimal(28, 6))) end as value,
    string_agg(distinct status, '') as status, max(provenance) as provenance
  from uses
  where block <> 'not counted'
  group by variant, source, geo, period, block
),
named as (
  select variant, source, geo, period,
    case product_classification when 'Eustat' then 'A86' else 'CPA2.1' end || ':' || string_agg(distinct product, '+' order by product) as activity
  from uses group by variant, source, geo, period, product_classification
)
select s.variant || ':' || s.block as variant, s.geo, n.activity, s.period, 100 * cast(s.value as double) / nullif(cast(t.value as double), 0) as value,
  s.status || t.status || case when s.value / nullif(t.value, 0) is null then 'M' else '' end as status, s.provenance || ';' || t.provenance as provenance, s.source as sources
from summed s
join summed t on t.variant = s.variant and t.source = s.source and t.geo = s.geo and t.period = s.period and t.block = 'TU'
join named n on n.variant = s.variant and n.source = s.source and n.geo = s.geo and n.period = s.period
where s.block not in ('TU', 'TOTAL', 'TFU')
order by variant, geo, activity, period
