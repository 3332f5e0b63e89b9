/*
name: {en: Establishments by division, es: Establecimientos por división, eu: Establezimenduak dibisioka}
question: How many establishments of each division are in each place?
definition: Establishments of the directory on 1 January, classes of CNAE summed to divisions, with the published total.
unit: establishments
row: one source, place, division and year
sources_note: Eustat PX_200163_cdirae_est04b (municipalities, KIBS classes and total) and PX_200163_cdirae_est03b (territories and districts, all classes).
caveats:
  - An establishment is not an enterprise; own-account professionals inflate 69 to 71.
  - A nil is nought; a municipality that did not exist yet is missing.
  - Divisions of CNAE-2009 are those of NACE Rev. 2; tables coded in CNAE-2025 stand beside them with that version.
  - Municipalities have the divisions asked for; territories and districts have all.
reference: Eustat, directory of economic activities (operation 200163)
columns:
  geo: Place; municipalities by their INE code
  classification: CNAE
  version: Version of the classification
  level: division or total
  activity: Division, or TOTAL
  period: Year, 1 January
  value: Establishments; null where status has M
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, classification, version, activity, period]}}
  - name: territories_add_to_region
    meaning: a division whose three territories do not add up to the region
    sql: >
      select activity, period, sum(value) filter (geo <> 'ES21') as parts, max(value) filter (geo = 'ES21') as whole
      from core.establishments where geo in ('ES21', 'ES211', 'ES212', 'ES213') group by source, classification, version, activity, period
      having parts <> whole order by 1, 2
  - name: municipalities_add_to_territory
    meaning: a division whose municipalities do not add up to their territory
    sql: >
      select t.geo, t.activity, t.period, t.value, m.value as municipalities
      from core.establishments t
      join (
        select case left(geo, 2) when '01' then 'ES211' when '20' then 'ES212' else 'ES213' end as geo, classification, version, activity, period, sum(value) as value
        from core.establishments where source = 'eustat_establishments_municipality_cnae' group by all
      ) m using (geo, classification, version, activity, period)
      where t.source = 'eustat_establishments_district_cnae' and t.value <> m.value
      order by 1, 2, 3
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: unit_holds_between_years
    meaning: a year in which the figures of a source moved at the median to less than half or more than double, as when a unit changes
    sql: >
      with moves as (
        select source, period, value / nullif(lag(value) over (partition by source, geo, classification, version, activity order by period), 0) as factor
        from core.establishments
      )
      select source, period, median(factor) as factor, count(factor) as n from moves
      group by source, period having count(factor) >= 10 and median(factor) not between 0.5 and 2 order by source, period
  - name: no_sudden_jump
    severity: warning
    meaning: a figure of 200 establishments or more that is less than half or more than double that of the year before
    sql: >
      with moves as (
        select source, geo, classification, version, activity, period, value, lag(value) over (partition by source, geo, classification, version, activity order by period) as before
        from core.establishments
      )
      select * from moves where greatest(value, before) >= 200 and value not between before / 2 and before * 2
      order by all
  - name: municipalities_add_to_district
    severity: warning
    meaning: a division whose municipalities do not add up to their district (catalogue.municipalities says which district holds which)
    sql: >
      with towns as (
        select m.district as geo, e.classification, e.version, e.activity, e.period, sum(e.value) as municipalities
        from core.establishments e
        join catalogue.municipalities m on m.code = e.geo and m.district <> ''
        where e.source = 'eustat_establishments_municipality_cnae' group by all
      )
      select d.geo, d.activity, d.period, d.value, t.municipalities
      from core.establishments d
      join towns t using (geo, classification, version, activity, period)
      where d.source = 'eustat_establishments_district_cnae' and d.value <> t.municipalities
      order by 1, 2, 3
*/
-- a table in another version of CNAE is one more part of this union, with that version
with cells as (
  select coalesce("municipio__as", municipio) as geo, '2009' as version, coalesce("CNAE-2009__as", "CNAE-2009") as class, periodo as period, value, kind, provenance, source
  from raw.eustat_establishments_municipality_cnae
  union all
  select coalesce("territorio histórico y comarca__as", "territorio histórico y comarca"), '2009', coalesce("CNAE-2009__as", "CNAE-2009"), periodo, value, kind, provenance, source
  from raw.eustat_establishments_district_cnae
)
select
  geo,
  'CNAE' as classification,
  version,
  case class when 'TOTAL' then 'total' else 'division' end as level,
  case class when 'TOTAL' then 'TOTAL' else left(class, 2) end as activity,
  period,
  case when bool_or(kind = 'missing') then null else sum(case kind when 'nil' then 0 else value end) end as value,
  'establishments' as unit,
  case when bool_or(kind = 'missing') then 'M' else 'A' end as status,
  any_value(provenance) as provenance,
  source
from cells
group by source, geo, version, level, case class when 'TOTAL' then 'TOTAL' else left(class, 2) end, period
order by source, geo, classification, version, activity, period
