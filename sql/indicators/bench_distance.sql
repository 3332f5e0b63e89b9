/*
name: {en: Structural distance to other regions, es: Distancia estructural, eu: Egitura-distantzia}
question: Which regions are in the same position, so that comparing with them means something?
definition: >-
  Euclidean distance of standardised structural variables, sqrt of the mean of squared differences of z over the regions of the set: the logarithm of
  total employment, and the shares of manufacturing, trade to accommodation, information and communication, finance, and professional and administrative services.
  rank 1 is the nearest. Performance is kept out.
unit: standard deviations
row: one region, other region and year
sources_note: core.structure_shares, NUTS 2 regions of the accounts.
caveats:
  - Weights are equal; demography, firm size and accessibility have no source yet.
  - Standardised over the few regions in the set, so distances move with it.
  - The benchmark regions of the journal were chosen for policy interest and not by distance.
reference: Navarro et al. 2014 (S3 working paper 3/2014, JRC89819)
estimator: hub_rows.distance
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with parts as (
  select s.geo, s.activity, s.period, s.value, s.share, s.status, s.provenance, s.source
  from core.structure_shares s
  join catalogue.geographies g on g.geo = s.geo and g.level = 'nuts2'
  where s.breakdown = 'six_parts'
)
select 'six_parts' as variant, geo, 'NACE2:TOTAL' as activity, period, 'share ' || activity as variable, share as value, 1.0 as weight, status, provenance, source as sources
from parts where activity <> 'OTHER'
union all
-- the whole is any part over its share
select 'six_parts', geo, 'NACE2:TOTAL', period, 'size', ln(nullif(value, 0) / nullif(share, 0)), 1.0, status, provenance, source
from parts where activity = 'OTHER'
order by variant, geo, activity, period, variable
