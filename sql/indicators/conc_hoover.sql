/*
name: {en: Hoover index of KIBS across municipalities, es: Índice de Hoover, eu: Hoover indizea}
question: What part of the knowledge services would have to move for every municipality to have its share?
definition: Half the sum of |share of KIBS establishments - share of all establishments| over municipalities, of the region and of each territory.
unit: index from 0 to 1
row: one KIBS variant, place and year
sources_note: core.establishments, municipalities.
caveats:
  - Against all establishments and not against the population.
  - A municipality without a figure that year is left out; n tells how many there are.
  - EconGeo writes it in per cent with two decimals.
reference: Hoover 1936 (Review of Economics and Statistics 18)
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 1}}
*/
with members as (
  select variant, activity, count(*) over (partition by variant) as n
  from catalogue.kibs_definitions where classification = 'NACE' and version = '2' and breakdown = 'a88'
),
counted as (
  select m.variant, e.geo as municipality, e.period, 'NACE2:' || string_agg(e.activity, '+' order by e.activity) as activity,
    sum(cast(e.value as decimal(28, 6))) as value, max(cast(t.value as decimal(28, 6))) as total, max(e.provenance) as provenance
  from core.establishments e
  join members m using (activity)
  join core.establishments t on t.source = e.source and t.geo = e.geo and t.period = e.period and t.version = e.version and t.activity = 'TOTAL'
  where e.source = 'eustat_establishments_municipality_cnae' and e.version = '2009'
  group by m.variant, e.geo, e.period
  having count(e.value) = max(m.n)
),
placed as (
  select *, 'ES21' as geo from counted
  union all
  select *, case left(municipality, 2) when '01' then 'ES211' when '20' then 'ES212' else 'ES213' end from counted
),
shares as (
  select variant, geo, activity, period, provenance,
    abs(cast(value / nullif(sum(value) over place, 0) as decimal(28, 15)) - cast(total / nullif(sum(total) over place, 0) as decimal(28, 15))) as distance
  from placed
  window place as (partition by variant, geo, period)
)
select variant, geo, activity, period, cast(sum(distance) as double) / 2 as value, count(*) as n, case when sum(distance) is null then 'M' else 'A' end as status,
  max(provenance) as provenance, 'eustat_establishments_municipality_cnae' as sources
from shares
group by variant, geo, activity, period
order by variant, geo, activity, period
