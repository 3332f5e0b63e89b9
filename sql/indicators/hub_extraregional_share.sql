/*
name: {en: KIBS sold outside the region, es: KIBS vendidos fuera de la región, eu: Eskualdetik kanpo saldutako KIBSak}
question: Do knowledge-intensive services sell outside the region?
definition: 100 * exports to the rest of Spain and abroad of KIBS products / their domestic output, by KIBS variant and by product of A86.
unit: percent
row: one KIBS variant or product and year
sources_note: Eustat use tables (core.use), products of regional origin.
caveats:
  - Product based, not firm based.
  - The two bases of the table are a break and are not joined.
reference: ESA 2010, chapter 9
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with sold as (
  select source, geo, period, product,
    sum(cast(value as decimal(28, 6))) filter (branch in ('P6_X', 'P6_ES')) as outside,
    max(cast(value as decimal(28, 6))) filter (branch = 'TU') as output,
    string_agg(distinct status, '' order by status) as status, max(provenance) as provenance
  from core.use
  where product_classification = 'Eustat' and product_level = 'a86' and origin = 'region'
  group by source, geo, period, product
),
members as (
  select variant, activity as product from catalogue.kibs_definitions where breakdown = 'a86'
  union all
  select distinct 'product:' || activity, activity from catalogue.kibs_definitions where breakdown = 'a86'
)
select
  m.variant, s.geo, 'A86:' || string_agg(s.product, '+' order by s.product) as activity, s.period,
  100 * cast(sum(s.outside) as double) / nullif(cast(sum(s.output) as double), 0) as value,
  string_agg(s.status, '') || case when sum(s.output) <> 0 then '' else 'M' end as status,
  max(s.provenance) as provenance,
  s.source as sources
from sold s
join members m using (product)
group by m.variant, s.geo, s.period, s.source
order by variant, geo, activity, period
