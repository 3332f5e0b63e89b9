/*
name: {en: Standardised location quotient, es: LQ estandarizado, eu: LQ estandarizatua}
question: Is the specialisation of a place out of the ordinary among the places of its kind?
definition: >-
  z of the logarithm of the location quotient over a set of places, (ln LQ - mean) / standard deviation (n - 1). regions is the set of NUTS 2 regions
  against EU27_2020 (employment), municipalities that of all Basque municipalities against the region (establishments; shown for the capitals).
unit: standard deviations
row: one set, KIBS variant or activity, place and year
sources_note: hub_lq; core.establishments.
caveats:
  - Above 1.96 says something only where ln LQ is about normal; the number of places and Shapiro and Wilk's p stand among the sources, and U marks where it is not, or where places are fewer than 30.
  - A municipality without KIBS has no quotient and is not in the set.
reference: O'Donoghue and Gleave 2004 (Regional Studies 38); Tian 2013
estimator: structure_rows.standardised
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: n, min_value: 3}}
*/
with regions as (
  select 'regions:' || l.variant as variant, l.geo, l.comparator, l.activity, l.period, l.value, true as is_shown, l.status, l.provenance, l.sources
  from indicators.hub_lq l
  join catalogue.geographies g on g.geo = l.geo and g.level = 'nuts2'
  where l.comparator = 'EU27_2020'
),
members as (
  select variant, activity, count(*) over (partition by variant) as n
  from catalogue.kibs_definitions where classification = 'NACE' and version = '2' and breakdown = 'a88' and variant in ('kibs_seed_sections', 'kibs_core', 't_kibs', 'p_kibs')
),
counted as (
  select m.variant, e.geo, e.period, string_agg(e.activity, '+' order by e.activity) as activities,
    case when count(e.value) = max(m.n) then sum(cast(e.value as decimal(28, 6))) end as value, string_agg(e.status, '' order by e.activity) as status, max(e.provenance) as provenance
  from core.establishments e
  join members m using (activity)
  where e.source = 'eustat_establishments_municipality_cnae' and e.version = '2009'
  group by m.variant, e.geo, e.period
),
places as (
  select c.*, t.value as total from counted c
  join core.establishments t on t.source = 'eustat_establishments_municipality_cnae' and t.version = '2009' and t.activity = 'TOTAL' and t.geo = c.geo and t.period = c.period
  where c.value > 0
),
whole as (
  select variant, period, cast(sum(value) as double) as value, cast(sum(cast(total as decimal(28, 6))) as double) as total from places group by variant, period
)
select variant, geo, comparator, activity, period, value, is_shown, status, provenance, sources from regions
union all
select 'municipalities:' || p.variant, p.geo, 'ES21', 'NACE2:' || p.activities, p.period,
  cast(p.value as double) / nullif(p.total, 0) / (w.value / w.total), g.geo is not null, p.status, p.provenance, 'eustat_establishments_municipality_cnae'
from places p
join whole w using (variant, period)
left join catalogue.geographies g on g.geo = p.geo
order by variant, geo, comparator, activity, period
