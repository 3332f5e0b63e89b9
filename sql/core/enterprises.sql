/*
name: {en: Enterprises by division, es: Empresas por división, eu: Enpresak dibisioka}
question: How many enterprises of each division have their seat in each place?
definition: Enterprises of the directory on 1 January by the territory of their registered office, classes of CNAE-2009 summed to divisions, with the published total.
unit: enterprises
row: one source, place, division and year
sources_note: Eustat PX_200163_cdirae_emp02b.
caveats:
  - Placed by registered office; enterprises seated elsewhere that work here are missing.
  - Never divided by the employment of establishments.
  - Divisions of CNAE-2009 are those of NACE Rev. 2.
reference: Eustat, directory of economic activities (operation 200163)
columns:
  geo: Place of the registered office (catalogue.geographies)
  classification: CNAE
  version: Version of the classification
  level: division or total
  activity: Division, or TOTAL
  period: Year, 1 January
  value: Enterprises; null where status has M
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, activity, period]}}
  - name: territories_add_to_region
    meaning: a division whose territories are more than the region
    sql: >
      select activity, period, sum(value) filter (geo <> 'ES21') as parts, max(value) filter (geo = 'ES21') as whole
      from core.enterprises group by activity, period having sum(value) filter (geo <> 'ES21') > max(value) filter (geo = 'ES21') order by 1, 2
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: unit_holds_between_years
    meaning: a year in which the figures of a source moved at the median to less than half or more than double, as when a unit changes
    sql: >
      with moves as (
        select source, period, value / nullif(lag(value) over (partition by source, geo, classification, version, activity order by period), 0) as factor
        from core.enterprises
      )
      select source, period, median(factor) as factor, count(factor) as n from moves
      group by source, period having count(factor) >= 10 and median(factor) not between 0.5 and 2 order by source, period
  - name: no_sudden_jump
    severity: warning
    meaning: a figure of 200 enterprises or more that is less than half or more than double that of the year before
    sql: >
      with moves as (
        select source, geo, classification, version, activity, period, value, lag(value) over (partition by source, geo, classification, version, activity order by period) as before
        from core.enterprises
      )
      select * from moves where greatest(value, before) >= 200 and value not between before / 2 and before * 2
      order by all
*/
select
  "sede social__as" as geo,
  'CNAE' as classification,
  '2009' as version,
  case "CNAE-2009__as" when 'TOTAL' then 'total' else 'division' end as level,
  case "CNAE-2009__as" when 'TOTAL' then 'TOTAL' else left("CNAE-2009__as", 2) end as activity,
  periodo as period,
  case when bool_or(kind = 'missing') then null else sum(case kind when 'nil' then 0 else value end) end as value,
  'enterprises' as unit,
  case when bool_or(kind = 'missing') then 'M' else 'A' end as status,
  any_value(provenance) as provenance,
  source
from raw.eustat_enterprises_cnae
-- enterprises seated outside the region have no place of ours
where "sede social__as" is not null
group by source, geo, level, case "CNAE-2009__as" when 'TOTAL' then 'TOTAL' else left("CNAE-2009__as", 2) end, period
order by source, geo, classification, version, activity, period
