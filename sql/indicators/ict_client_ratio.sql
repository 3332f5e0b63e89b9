/*
name: {en: ICT sales to services over sales to manufacturing, es: Ventas TIC a servicios / a industria, eu: IKT salmentak zerbitzuetara / industriara}
question: Do ICT services work for services rather than for manufacturing?
definition: >-
  Intermediate use of ICT services by service branches (NACE G to U) / by manufacturing (C), use table. with_own_use counts
  all service branches; without_own_use leaves out the ICT branches themselves, without_public_administration branch O. Beside them
  the same ratio for all products bought (all_purchases), ICT services per euro of output of either block
  (services_intensity, manufacturing_intensity) and the ratio of these two (intensity_ratio).
unit: ratio
row: one place, year, set of ICT products and variant
sources_note: Use table, Eurostat naio_10_cp16 (core.use), purchasers' prices, domestic and imported products together.
caveats:
  - Services buy more of everything; read with all_purchases and intensity_ratio before concluding.
  - Sales within the ICT branches can be a third of the numerator; both versions are there.
  - Investment has no branch in the use table and takes a large part of ICT services; the ratio covers intermediate use only.
  - Imports are included; the question about sales of Basque firms needs a table with geographical origin.
reference: ESA 2010, chapter 9; own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: own_use_is_part
    meaning: a version without part of the buyers that is larger than the one with all
    sql: >
      select part.geo, part.activity, part.period, part.variant, part.value, whole.value as whole_value
      from indicators.ict_client_ratio part
      join indicators.ict_client_ratio whole using (geo, activity, period, sources)
      where whole.variant = 'with_own_use' and starts_with(part.variant, 'without_') and part.value > whole.value
      order by 1, 2, 3, 4
*/
with buyers as (
  select b.block, b.n_block, b.n_divisions, u.*
  from core.use u
  join catalogue.branch_blocks b
    on b.classification = u.branch_classification and b.version = u.branch_version and b.level = u.branch_level and b.activity = u.branch
  where u.origin = 'total' and b.block in ('C', 'G-U') and b.part = ''
),
ict as (
  select variant, classification, version, level, activity
  from catalogue.kibs_definitions
  where grp = 'ict' and breakdown in ('a64', 'a86') and variant in ('kibs_core', 'kibs_seed_sections')
),
products as (
  select variant, classification, version, string_agg(activity, '+' order by activity) as activities, count(*) as n
  from ict where classification in ('CPA', 'Eustat') group by variant, classification, version
),
bought as (
  select p.variant, p.classification, b.source, b.geo, b.period, b.block,
    sum(cast(b.value as decimal(28, 6))) as ict,
    sum(cast(case when o.activity is not null then b.value else 0 end as decimal(28, 6))) as own,
    sum(cast(case when b.branch = 'O' or b.branch_classification = 'Eustat' and b.branch = '77' then b.value else 0 end as decimal(28, 6))) as administration,
    count(b.value) as n, string_agg(distinct b.status, '' order by b.status) as status
  from buyers b
  join ict p
    on p.classification = b.product_classification and p.version = b.product_version and p.level = b.product_level and p.activity = b.product
  left join ict o
    on o.variant = p.variant and o.classification = b.branch_classification and o.version = b.branch_version and o.level = b.branch_level and o.activity = b.branch
  group by p.variant, p.classification, b.source, b.geo, b.period, b.block
),
columns_of as (
  select source, geo, period, block,
    sum(cast(case when product_level = 'total' then value end as decimal(28, 6))) as everything,
    sum(cast(case when product = 'P1' then value end as decimal(28, 6))) as output,
    count(distinct branch) as n_branches, abs(sum(case when product = 'P1' then n_divisions end) - max(n_block)) < 1e-6 as is_whole,
    string_agg(distinct case when product_level = 'total' or product = 'P1' then status end, '' order by case when product_level = 'total' or product = 'P1' then status end) as status,
    string_agg(distinct provenance, ';' order by provenance) as provenance
  from buyers
  group by source, geo, period, block
),
blocks as (
  select b.variant, case p.classification when 'Eustat' then 'A86' else p.classification || p.version end || ':' || p.activities as activity, b.source, b.geo, b.period, b.block,
    case when c.is_whole and b.n = p.n * c.n_branches then cast(b.ict as double) end as ict,
    cast(b.own as double) as own, cast(b.administration as double) as administration,
    cast(c.everything as double) as everything, cast(c.output as double) as output,
    b.status || c.status as status, c.provenance
  from bought b
  join products p on p.variant = b.variant and p.classification = b.classification
  join columns_of c using (source, geo, period, block)
),
pairs as (
  select s.variant, s.activity, s.source, s.geo, s.period, s.ict, s.own, s.administration, s.everything, s.output,
    nullif(m.ict, 0) as m_ict, nullif(m.everything, 0) as m_everything, nullif(m.output, 0) as m_output,
    s.status || m.status as status, s.provenance || ';' || m.provenance as provenance
  from blocks s
  join blocks m using (variant, activity, source, geo, period)
  where s.block = 'G-U' and m.block = 'C'
),
labelled as (
  select 'with_own_use' as variant, ict / m_ict as value, geo, activity, period, status, provenance, source from pairs
  union all
  select 'without_own_use', (ict - own) / m_ict, geo, activity, period, status, provenance, source from pairs
  union all
  select 'without_public_administration', (ict - administration) / m_ict, geo, activity, period, status, provenance, source from pairs
  union all
  select 'services_intensity', ict / nullif(output, 0), geo, activity, period, status, provenance, source from pairs
  union all
  select 'manufacturing_intensity', m_ict / m_output, geo, activity, period, status, provenance, source from pairs
  union all
  select 'intensity_ratio', ict / nullif(output, 0) / (m_ict / m_output), geo, activity, period, status, provenance, source from pairs
  union all
  select 'all_purchases', everything / m_everything, geo, split_part(activity, ':', 1) || ':TOTAL', period, status, provenance, source from pairs where variant = 'kibs_core'
)
select variant, geo, activity, period, value, status || case when value is null then 'M' else '' end as status, provenance, source as sources
from labelled
order by variant, geo, activity, period
