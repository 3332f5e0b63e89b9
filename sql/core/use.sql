/*
name: {en: Use table, es: Tabla de destino, eu: Erabilera-taula}
question: Who uses which products?
definition: >-
  Products by using branch and final use at purchasers' prices, domestic and imported together, and below them value
  added (B1G) and output (P1) of each branch.
unit: million euro
row: one source, place, product (or balance of the branch), branch (or final use), origin and year
sources_note: Eurostat naio_10_cp16, unit MIO_EUR.
caveats:
  - Purchasers' prices, so margins of trade and taxes stand with the product; the supply table is at basic prices.
  - Goods are in the total of products only.
  - Investment has no branch, so what branches use is intermediate use.
  - Exports by destination and changes in inventories are not for publication; such rows have status C and no value.
reference: ESA 2010, chapter 9
columns:
  geo: Place (catalogue.geographies)
  product_classification: CPA for products, ESA for value added and output of the branch
  product_version: Version of that classification
  product_level: Level within it; total for the sum of products, balance for rows that are no product
  product: Product code in our spelling, or the code of the row (catalogue.esa_items)
  branch_classification: NACE for branches, ESA for final uses and totals
  branch_version: Version of that classification
  branch_level: Level within it, total for the sum of branches; final_use or total for columns that are no branch
  branch: Branch code in our spelling, or the code of the column (catalogue.esa_items)
  origin: Where the product is from; total, domestic or imported
  period: Year
  value: Million euro; null where status has M or C
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, product_classification, product_version, product, branch_classification, branch_version, branch, origin, period]}}
  - name: branches_close
    meaning: a branch whose purchases and value added are not its output, within rounding
    sql: >
      with parts as (
        select source, geo, period, origin, branch, max(value) filter (where product_level = 'total') as purchases,
          max(value) filter (where product = 'B1G') as value_added, max(value) filter (where product = 'P1') as output
        from core.use where branch_classification in ('NACE', 'Eustat') group by all
      )
      select * from parts where origin = 'total' and abs(purchases + value_added - output) > 0.15 order by source, geo, period, branch
  - name: branches_add_up
    meaning: a row with all its branches that do not add up to its printed total within rounding (0.05 a cell)
    sql: >
      with sums as (
        select source, geo, period, origin, product,
          sum(cast(value as decimal(28, 6))) filter (where branch_level <> 'total') as total,
          count(value) filter (where branch_level <> 'total') as n, max(value) filter (where branch_level = 'total') as printed
        from core.use where branch_classification in ('NACE', 'Eustat') group by all
      )
      select *, max(n) over (partition by source, geo, period, origin) as n_branches from sums
      qualify n = n_branches and abs(total - printed) > 0.05 * (n + 1)
      order by source, geo, period, product
  - name: uses_add_up
    meaning: a product whose final uses are not consumption, capital formation and exports, or whose total use is not that of branches and final uses
    sql: >
      with parts as (
        select source, geo, period, origin, product, max(value) filter (where branch = 'TOTAL') as branches,
          max(value) filter (where branch = 'P3') as consumption, max(value) filter (where branch = 'P5') as capital,
          max(value) filter (where branch = 'P6') as exports, max(value) filter (where branch = 'TFU') as final_uses,
          max(value) filter (where branch = 'TU') as all_uses
        from core.use group by all
      )
      select * from parts
      where abs(consumption + capital + exports - final_uses) > 0.2 or abs(branches + final_uses - all_uses) > 0.15
      order by source, geo, period, product
  - name: products_within_their_total
    meaning: a column whose products are more than the total of products, beyond rounding (0.05 a cell)
    sql: >
      with sums as (
        select source, geo, period, origin, branch_classification, branch, count(value) as n,
          sum(cast(value as decimal(28, 6))) filter (where product_classification = 'CPA' and product_level <> 'total') as total,
          max(value) filter (where product_level = 'total') as printed
        from core.use where branch_level <> 'final_use' group by all
      )
      select * from sums where total > printed + 0.05 * n order by source, geo, period, branch
  - name: a_whole_or_its_parts
    meaning: a table with an item beside the parts it is split into, so that a sum would count them twice
    sql: >
      with items as (
        select distinct source, geo, period, product from core.use where product_classification = 'CPA' and product_level <> 'total'
      )
      select part.source, part.geo, part.period, part.product as part, whole.product as whole
      from items part
      join items whole using (source, geo, period)
      where part.product <> whole.product and starts_with(part.product, whole.product)
      order by 1, 2, 3, 4, 5
  - name: supply_equals_use
    meaning: a product whose total supply at purchasers' prices is not its total use, within rounding (0.05 a total)
    sql: >
      select u.source, u.geo, u.period, u.product, s.value as supply, u.value as all_uses
      from core.use u
      join core.supply s on s.geo = u.geo and s.period = u.period and s.product_classification = u.product_classification
        and s.product_version = u.product_version and s.product = u.product and s.branch = 'TS_PP'
      where u.branch = 'TU' and u.origin = 'total' and abs(s.value - u.value) > 0.1 + 1e-9
      order by 1, 2, 3, 4
  - name: supply_equals_use_at_one_price
    severity: warning
    meaning: a product of a table without margins whose total supply is not its total use, within rounding (0.05 a total)
    sql: >
      select u.source, u.geo, u.period, u.product, s.value as supply, u.value as all_uses
      from core.use u
      join core.supply s on s.geo = u.geo and s.period = u.period and s.product_classification = u.product_classification
        and s.product_version = u.product_version and s.product = u.product and s.branch = 'TS_BP'
      where u.branch = 'TU' and u.origin = 'total' and abs(s.value - u.value) > 0.1 + 1e-9
        and s.source not in (select source from core.supply where branch = 'TS_PP')
      order by 1, 2, 3, 4
*/
with items as (
  select scheme, code, classification, version, level, activity from catalogue.activity_codes where scheme in ('eurostat_nace_r2', 'cpa_2_1')
  union all
  select 'esa2010', code, 'ESA', '2010', kind, code from catalogue.esa_items
),
-- what stands beside the branches of Eustat's table, and beside its products
beside(name, classification, version, level, code) as (
  values
    ('P2', 'Eustat', 'A86', 'total', 'TOTAL'), ('households', 'ESA', '2010', 'final_use', 'P3_S14'),
    ('government', 'ESA', '2010', 'final_use', 'P3_S13'), ('capital', 'ESA', '2010', 'final_use', 'P5'),
    ('exports_rest_of_spain', 'ESA', '2010', 'final_use', 'P6_ES'), ('exports_abroad', 'ESA', '2010', 'final_use', 'P6_X'),
    ('TOTAL', 'ESA', '2010', 'total', 'TU')
),
below(name, classification, version, level, code) as (
  values ('TOTAL', 'Eustat', 'A86', 'total', 'TOTAL'), ('B1G', 'ESA', '2010', 'balance', 'B1G'), ('P1', 'ESA', '2010', 'balance', 'P1')
),
eustat as (
  select "producto__as" as product, "rama__as" as branch, "origen geográfico__as" as origin, periodo, value, kind, provenance, source
  from raw.eustat_use
  union all
  select "producto__as" as product, "rama__as" as branch, "origen geográfico__as" as origin, periodo, value, kind, provenance, source
  from raw.eustat_use_base2015
)
select
  g.geo,
  p.classification as product_classification,
  p.version as product_version,
  p.level as product_level,
  p.activity as product,
  b.classification as branch_classification,
  b.version as branch_version,
  b.level as branch_level,
  b.activity as branch,
  case r.stk_flow when 'DOM' then 'domestic' when 'IMP' then 'imported' when 'TOTAL' then 'total' end as origin,
  r."TIME_PERIOD" as period,
  r.value,
  'million euro' as unit,
  case when r.kind = 'missing' then 'M' else '' end || coalesce(f.status, 'A') as status,
  r.provenance,
  r.source
from raw.eurostat_naio_10_cp16 r
join catalogue.geography_codes g on g.scheme = 'nuts2024' and g.code = r.geo
join items p on p.scheme in ('cpa_2_1', 'esa2010') and p.code = r.prd_ava
join items b on b.scheme in ('eurostat_nace_r2', 'esa2010') and b.code = r.ind_use
left join catalogue.observation_flags f on f.publisher = 'eurostat' and f.flag = r.flag
where r.unit = 'MIO_EUR'
union all
select
  'ES21',
  coalesce(p.classification, 'Eustat'), coalesce(p.version, 'A86'), coalesce(p.level, 'a86'), coalesce(p.code, e.product),
  coalesce(b.classification, 'Eustat'), coalesce(b.version, 'A86'), coalesce(b.level, 'a86'), coalesce(b.code, e.branch),
  e.origin,
  e.periodo,
  case e.kind when 'nil' then 0 else e.value / 1000 end,
  'million euro',
  case e.kind when 'missing' then 'M' else 'A' end,
  e.provenance,
  e.source
from eustat e
left join beside b on b.name = e.branch
left join below p on p.name = e.product
order by source, geo, product_classification, product_version, product, branch_classification, branch_version, branch, origin, period
