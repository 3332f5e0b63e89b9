/*
name: {en: Shares of one whole, es: Pesos en un todo, eu: Pisuak oso batean}
question: What part of a place's whole is each of its activities?
definition: Amount of an activity / sum of the amounts of all activities of its breakdown, place and year.
unit: share from 0 to 1
row: one source, breakdown, place of the catalogue, activity and year
sources_note: core.structure.
caveats:
  - Where any part is missing the whole is not known, and no part has a share.
reference: Own definition
columns:
  breakdown: As in core.structure
  system: Which statistics, eurostat or eustat
  geo: Place (catalogue.geographies)
  classification: Activity classification with its version
  activity: Activity code in our spelling, or OTHER for the rest
  period: Year
  value: Amount in the unit of core.structure
  share: Part of the whole from 0 to 1; null where any part of it is missing
  status: SDMX observation status of the amount
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, breakdown, geo, activity, period]}}
  - name: shares_add_to_one
    meaning: shares of a place and year that do not add up to 1
    sql: >
      select source, breakdown, geo, period, sum(share) as total from core.structure_shares
      group by all having abs(sum(share) - 1) > 1e-9 order by all
*/
select breakdown, system, geo, classification, activity, period, value,
  case when count(*) over place = count(value) over place then value / nullif(cast(sum(cast(value as decimal(28, 6))) over place as double), 0) end as share,
  status, provenance, source
from core.structure
where geo in (select geo from catalogue.geographies)
window place as (partition by source, breakdown, geo, period)
order by source, breakdown, geo, classification, activity, period
