/*
name: {en: Establishments and births by section and size, es: Establecimientos y altas por sección y tamaño, eu: Establezimenduak eta altak sekzioka eta tamainaka}
question: How many establishments of each section and size are there, and how many appear in a year?
definition: Establishments of the directory on 1 January and births during the year, by section of CNAE-2009 and size class, all legal forms.
unit: establishments
row: one measure, place, section, size class and year
sources_note: Eustat PX_200163_cdirae_est01d and PX_200165_cdirae_demoest01b.
caveats:
  - Moves and reopenings count as births.
  - Sections only, so KIBS are J, K and M.
reference: Eustat, directory of economic activities (operations 200163 and 200165); Eurostat and OECD 2007, Manual on Business Demography Statistics
columns:
  measure: stock (1 January) or births (during the year)
  geo: Place (catalogue.geographies, or a district of Eustat by its code)
  classification: CNAE
  version: Version of the classification
  level: section or total
  activity: Section C, J, K, M, N, or TOTAL
  size: Persons employed as the publisher writes them, or TOTAL
  period: Year
  value: Establishments; null where status has M
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [measure, geo, activity, size, period]}}
  - name: sizes_add_up
    meaning: a section whose size classes do not add up to it
    sql: >
      select measure, geo, activity, period, sum(value) filter (size <> 'TOTAL') as parts, max(value) filter (size = 'TOTAL') as whole
      from core.directory group by measure, geo, activity, period
      having count(*) = count(value) and sum(value) filter (size <> 'TOTAL') <> max(value) filter (size = 'TOTAL')
      order by 1, 2, 3, 4
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with cells as (
  select 'stock' as measure, * from raw.eustat_establishments_a21 where "personalidad jurídica__as" = 'TOTAL' and "actividad (A21)__as" is not null
  union all
  select 'births' as measure, * from raw.eustat_establishment_births where "personalidad jurídica__as" = 'TOTAL' and "actividad (A21)__as" is not null
)
select
  measure,
  coalesce("territorio histórico y comarca__as", "territorio histórico y comarca") as geo,
  'CNAE' as classification,
  '2009' as version,
  case "actividad (A21)__as" when 'TOTAL' then 'total' else 'section' end as level,
  "actividad (A21)__as" as activity,
  coalesce("estrato de personas empleadas__as", "estrato de personas empleadas__label") as size,
  periodo as period,
  case kind when 'nil' then 0 else value end as value,
  'establishments' as unit,
  case kind when 'missing' then 'M' else 'A' end as status,
  provenance,
  source
from cells
order by measure, geo, classification, version, activity, size, period
