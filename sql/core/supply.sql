/*
name: {en: Supply table, es: Tabla de origen, eu: Jatorri-taula}
question: Which branch makes which products?
definition: >-
  Output of each branch by product at basic prices, and beside it what turns domestic output into total supply at
  purchasers' prices: imports, trade and transport margins, taxes less subsidies on products.
unit: million euro
row: one source, place, product, branch (or column of the valuation) and year
sources_note: Eurostat naio_10_cp15, unit MIO_EUR.
caveats:
  - Sum over branches of NACE only; imports (P7), margins (OTTM), taxes (D21X31) and totals stand in the same column.
  - Manufacturing has no column of its own; it is the sum of its branches.
  - Output includes what a unit keeps for itself as an asset, such as own software and research.
  - Part of the products only are there for branches outside manufacturing.
reference: ESA 2010, chapter 9
columns:
  geo: Place (catalogue.geographies)
  product_classification: CPA for products
  product_version: Version of that classification
  product_level: Level within it; total for the sum of products
  product: Product code in our spelling
  branch_classification: NACE for branches, ESA for columns that are no branch
  branch_version: Version of that classification
  branch_level: Level within it, total for the sum of branches; import, valuation or total for columns that are no branch
  branch: Branch code in our spelling, or the code of the column (catalogue.esa_items)
  origin: Where the supply is from, total, domestic or imported, where the publisher tells them apart
  period: Year
  value: Million euro; null where status has M or C
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, product_classification, product_version, product, branch_classification, branch_version, branch, origin, period]}}
  - name: output_is_not_negative
    meaning: a branch with negative output of a product
    sql: select geo, product, branch, period, value from core.supply where branch_classification in ('NACE', 'Eustat') and value < 0 order by 1, 2, 3, 4
  - name: products_add_up
    meaning: a column with all its products that do not add up to its printed total within rounding (0.05 a cell)
    sql: >
      with sums as (
        select source, geo, period, origin, branch_classification, branch,
          sum(cast(value as decimal(28, 6))) filter (where product_level <> 'total') as total,
          count(value) filter (where product_level <> 'total') as n, max(value) filter (where product_level = 'total') as printed
        from core.supply group by all
      )
      select *, max(n) over (partition by source, geo, period, origin) as n_products from sums
      qualify n = n_products and abs(total - printed) > 0.05 * (n + 1)
      order by source, geo, period, branch
  - name: branches_add_up
    meaning: a product with all its branches that do not add up to its printed output within rounding (0.05 a cell)
    sql: >
      with sums as (
        select source, geo, period, origin, product,
          sum(cast(value as decimal(28, 6))) filter (where branch_level <> 'total') as total,
          count(value) filter (where branch_level <> 'total') as n, max(value) filter (where branch_level = 'total') as printed
        from core.supply where branch_classification in ('NACE', 'Eustat') group by all
      )
      select *, max(n) over (partition by source, geo, period, origin) as n_branches from sums
      qualify n = n_branches and abs(total - printed) > 0.05 * (n + 1)
      order by source, geo, period, product
  - name: supply_closes
    meaning: a product whose output and imports are not its supply at basic prices, or which margins and taxes do not lead to purchasers' prices
    sql: >
      with columns_of as (
        select source, geo, period, origin, product,
          max(value) filter (where branch = 'TOTAL') as output, max(value) filter (where branch = 'P7') as imports,
          max(value) filter (where branch = 'TS_BP') as basic, max(value) filter (where branch = 'TS_PP') as purchasers,
          max(value) filter (where branch = 'OTTM') as margins, max(value) filter (where branch = 'D21X31') as taxes
        from core.supply group by all
      )
      select * from columns_of
      where abs(output + imports - basic) > 0.15 or abs(basic + margins + taxes - purchasers) > 0.2
      order by source, geo, period, product
  - name: a_whole_or_its_parts
    meaning: a table with an item beside the parts it is split into, so that a sum would count them twice
    sql: >
      with items as (
        select distinct source, geo, period, product from core.supply where product_classification = 'CPA' and product_level <> 'total'
      )
      select part.source, part.geo, part.period, part.product as part, whole.product as whole
      from items part
      join items whole using (source, geo, period)
      where part.product <> whole.product and starts_with(part.product, whole.product)
      order by 1, 2, 3, 4, 5
*/
with columns_of as (
  select code, classification, version, level, activity from catalogue.activity_codes where scheme = 'eurostat_nace_r2'
  union all
  select code, 'ESA', '2010', kind, code from catalogue.esa_items
),
-- what stands beside the branches of Eustat's table, and beside its products
beside(name, classification, version, level, code) as (
  values
    ('P1', 'Eustat', 'A86', 'total', 'TOTAL'), ('imports_rest_of_spain', 'ESA', '2010', 'import', 'P7_ES'),
    ('imports_abroad', 'ESA', '2010', 'import', 'P7_X'), ('margins', 'ESA', '2010', 'valuation', 'OTTM'),
    ('taxes', 'ESA', '2010', 'valuation', 'D21X31'), ('TOTAL', 'ESA', '2010', 'total', 'TS_BP')
),
below(name, classification, version, level, code) as (
  values ('TOTAL', 'Eustat', 'A86', 'total', 'TOTAL'), ('B1G', 'ESA', '2010', 'balance', 'B1G'), ('P1', 'ESA', '2010', 'balance', 'P1')
),
eustat as (
  select "producto__as" as product, "rama__as" as branch, 'total' as origin, periodo, value, kind, provenance, source
  from raw.eustat_supply
  union all
  select "producto__as" as product, "rama__as" as branch, 'total' as origin, periodo, value, kind, provenance, source
  from raw.eustat_supply_base2015
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
from raw.eurostat_naio_10_cp15 r
join catalogue.geography_codes g on g.scheme = 'nuts2024' and g.code = r.geo
join catalogue.activity_codes p on p.scheme = 'cpa_2_1' and p.code = r.prd_amo
join columns_of b on b.code = r.ind_impv
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
