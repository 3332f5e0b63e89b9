/*
name: {en: Hub index, es: Índice hub, eu: Hub indizea}
question: How do regions compare as hubs when size, specialisation, reach and connection are taken together?
definition: >-
  Weighted geometric mean of pillars, each brought to 0 to 100 between fixed goalposts (catalogue.hub_goalposts), with its rank and the central 95 % of
  ranks under weights drawn at random. two_pillars has agglomeration (KIBS employment) and specialisation (location quotient against EU27_2020), which
  every region has; four_pillars adds internationalisation and connectivity and is missing until every pillar has a source.
unit: 0-100
row: one set of pillars, measure, region and year
sources_note: kibs_employment, hub_lq, hub_export_share, catalogue.hub_goalposts.
caveats:
  - Goalposts and weights are choices; read the rank with its range, and never without the pillars.
  - A pillar at its low goalpost makes the index 0; no pillar makes up for another.
  - kibs_jkmn merges M with N.
reference: OECD and JRC 2008, Handbook on Constructing Composite Indicators
estimator: hub_rows.index
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with regions as (
  select geo from catalogue.geographies where level = 'nuts2' and nuts2024 <> ''
),
figures as (
  select 'agglomeration' as pillar, geo, period, value / 1000 as value, status, provenance, sources from indicators.kibs_employment where variant = 'kibs_jkmn'
  union all
  select 'specialisation', geo, period, value, status, provenance, sources from indicators.hub_lq where variant = 'kibs_jkmn' and comparator = 'EU27_2020'
  union all
  select 'internationalisation', geo, period, value, status, provenance, sources from indicators.hub_export_share where variant = 'kibs_seed_sections'
),
frame as (
  select p.variant, p.pillar, p.low, p.high, p.weight, f.geo, f.period, f.provenance, f.sources
  from catalogue.hub_goalposts p
  cross join (select geo, period, provenance, sources from figures where pillar = 'agglomeration' and geo in (select geo from regions)) f
)
select f.variant, f.geo, 'NACE2:J+K+M_N' as activity, f.period, f.pillar, v.value, f.low, f.high, f.weight,
  coalesce(v.status, 'M') as status, coalesce(v.provenance, f.provenance) as provenance, coalesce(v.sources, f.sources) as sources
from frame f
left join figures v on v.pillar = f.pillar and v.geo = f.geo and v.period = f.period
order by variant, activity, geo, period, pillar
