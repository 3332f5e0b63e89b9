/*
name: {en: Economic complexity, es: Complejidad económica, eu: Konplexutasun ekonomikoa}
question: Is a district at home in activities that few others master?
definition: >-
  Second eigenvector of D^-1 M U^-1 M' (M the matrix of districts and divisions with a location quotient of 1 or more, D its diversities, U its ubiquities),
  standardised over districts, with the sign that goes up with diversity.
unit: standard deviations
row: one district and year
sources_note: core.structure, establishments by division, districts of Eustat.
caveats:
  - Unstable with so few districts (U); context only.
reference: Hidalgo and Hausmann 2009 (PNAS 106)
estimator: relatedness_rows.complexity
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: n, min_value: 3}}
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
  geo in (select geo from catalogue.geographies) as is_shown, true as is_asked, status, provenance, source as sources
from cells
order by variant, geo, activity, period
