/*
name: {en: Gross value added by activity and place, es: Valor añadido bruto por actividad y territorio, eu: Balio erantsi gordina jardueraren eta lurraldearen arabera}
question: What does each activity add to the economy of each place?
definition: Gross value added at basic prices and current prices of the regional accounts, by place of production.
unit: million euro
row: one source, place, activity and year
sources_note: Eurostat nama_10r_3gva, unit CP_MEUR (current prices).
caveats:
  - Accounts at this level publish M and N together (M_N).
  - Spanish provinces have no series for J, K and M_N.
reference: ESA 2010, chapters 8 and 13
columns:
  geo: Place (catalogue.geographies)
  classification: Activity classification
  version: Version of the classification; letters mean different things in different versions
  level: Level within the classification
  activity: Activity code in our spelling
  period: Year
  value: Million euro; null where status has M or C
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, classification, version, activity, period]}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: children_add_to_parent
    meaning: a place whose published parts do not add up to it within rounding (0.05 a part, as Spain publishes one decimal)
    sql: >
      select parts.geo, parts.activity, parts.period, parts.total, whole.value
      from (
        select g.parent as geo, e.classification, e.version, e.activity, e.period, sum(cast(e.value as decimal(28, 6))) as total, count(e.value) as n
        from core.gva e join catalogue.geographies g on g.geo = e.geo
        where g.parent = 'ES21' group by all
      ) parts
      join core.gva whole using (geo, classification, version, activity, period)
      where parts.n = 3 and abs(parts.total - whole.value) > 0.05 * (parts.n + 1) + 1e-9
      order by 1, 2, 3
  - name: part_within_total
    meaning: an activity larger than the whole it belongs to, beyond rounding
    sql: >
      select part.geo, part.activity, part.period, part.value, whole.value as whole_value
      from core.gva part
      join core.gva whole using (source, geo, classification, version, period)
      where whole.activity = 'TOTAL' and part.value > whole.value + 0.11
         or whole.activity = 'B-E' and part.activity = 'C' and part.value > whole.value + 0.11
      order by 1, 2, 3
  - name: unit_holds_between_years
    meaning: a year in which the figures of a source moved at the median to less than half or more than double, as when a unit changes
    sql: >
      with moves as (
        select source, period, value / nullif(lag(value) over (partition by source, geo, classification, version, activity order by period), 0) as factor
        from core.gva
      )
      select source, period, median(factor) as factor, count(factor) as n from moves
      group by source, period having count(factor) >= 10 and median(factor) not between 0.5 and 2 order by source, period
  - name: no_sudden_jump
    severity: warning
    meaning: a figure of 500 million euro or more that is less than half or more than double that of the year before
    sql: >
      with moves as (
        select source, geo, classification, version, activity, period, value, lag(value) over (partition by source, geo, classification, version, activity order by period) as before
        from core.gva
      )
      select * from moves where greatest(value, before) >= 500 and value not between before / 2 and before * 2
      order by all
*/
select
  g.geo,
  a.classification,
  a.version,
  a.level,
  a.activity,
  r."TIME_PERIOD" as period,
  r.value,
  'million euro' as unit,
  case when r.kind = 'missing' then 'M' else '' end || coalesce(f.status, 'A') as status,
  r.provenance,
  r.source
from raw.eurostat_nama_10r_3gva r
join catalogue.geography_codes g on g.scheme = 'nuts2024' and g.code = r.geo
join catalogue.activity_codes a on a.scheme = 'eurostat_nace_r2' and a.code = r.nace_r2
left join catalogue.observation_flags f on f.publisher = 'eurostat' and f.flag = r.flag
where r.unit = 'CP_MEUR'
order by source, geo, classification, version, activity, period
