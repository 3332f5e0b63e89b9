/*
name: {en: Relatedness density of KIBS niches, es: Densidad de relación, eu: Erlazio-dentsitatea}
question: Which knowledge services that a district lacks are close to what it is strong in?
definition: >-
  Sum of the proximities of a division to the divisions in which the district is specialised (location quotient of 1 or more) / sum of its proximities to
  all others; proximity is the smaller of the two conditional probabilities of being specialised in both. Variants say whether the district is specialised
  in the division already (present) or not (absent).
unit: index from 0 to 1
row: one division of KIBS, district and year
sources_note: core.structure, establishments by division, districts of Eustat.
caveats:
  - The division's own proximity is left out of both sums; py-ecomplexity has it in.
  - Twenty districts are a narrow matrix; it describes them.
reference: Hidalgo, Klinger, Barabási and Hausmann 2007 (Science 317)
estimator: relatedness_rows.density
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 1.000001}}
*/
with cells as (
  select geo, classification || ':' || activity as activity, period, value, sum(cast(value as decimal(28, 6))) over (partition by geo, period) as place,
    sum(cast(value as decimal(28, 6))) over (partition by activity, period) as whole_activity, sum(cast(value as decimal(28, 6))) over (partition by period) as whole,
    status, provenance, source
  from core.structure
  where breakdown = 'a88_establishments' and not starts_with(geo, 'ES')
)
select 'establishments_districts' as variant, geo, activity, period,
  case when whole_activity > 0 then value / cast(place as double) / (cast(whole_activity as double) / cast(whole as double)) end as value,
  geo in (select geo from catalogue.geographies) as is_shown,
  activity in (select 'NACE2:' || activity from catalogue.kibs_definitions where variant = 'kibs_wide' and breakdown = 'a88') as is_asked,
  status, provenance, source as sources
from cells
order by variant, geo, activity, period
