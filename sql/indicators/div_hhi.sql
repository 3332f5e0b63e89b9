/*
name: {en: Herfindahl index of activities, es: Herfindahl sectorial, eu: Herfindahl sektoriala}
question: Does a place live from few activities or from many?
definition: >-
  Sum of the squared shares of activities, from 1 / number of activities (all alike) to 1 (one alone); equivalent_number is its inverse, the number of
  activities of one size that would give it.
unit: index from 0 to 1, or activities
row: one breakdown, place and year
sources_note: core.structure_shares.
caveats:
  - Depends on the classification; breakdowns are not compared with each other.
reference: Hirschman 1945; Herfindahl 1950
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with summed as (
  select breakdown as variant, geo, classification || ':TOTAL' as activity, period, case when count(*) = count(share) then sum(cast(share * share as decimal(28, 15))) end as hhi,
    count(*) as n, string_agg(distinct status, '') as status, max(provenance) as provenance, source
  from core.structure_shares
  group by breakdown, geo, classification, period, source
)
select variant, geo, activity, period, cast(hhi as double) as value, 'index from 0 to 1' as unit, n, status || case when hhi is null then 'M' else '' end as status, provenance, source as sources
from summed
union all
select variant || ':equivalent_number', geo, activity, period, 1 / cast(hhi as double), 'activities', n, status || case when hhi is null then 'M' else '' end, provenance, source
from summed
order by variant, geo, activity, period
