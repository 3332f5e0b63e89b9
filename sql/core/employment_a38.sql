/*
name: {en: Employment by branch of A38, es: Empleo por rama A38, eu: Enplegua A38 adarka}
question: How many people work in each branch of the region and of its capitals?
definition: Total employment of the territories and jobs in the capitals, by branch of A38, at the place of work.
unit: persons or jobs
row: one source, place, activity and year
sources_note: Eustat PX_170112_cpib_pib_a_08 and PX_170120_cpibmun_pibmun09b.
caveats:
  - Territories count persons or jobs of the accounts, capitals jobs; read a city against its region with that in mind.
  - Capitals are recognised by their label; the bank gives them private codes.
reference: ESA 2010
columns:
  geo: Place (catalogue.geographies)
  classification: Activity classification
  version: Version of the classification
  level: Level within the classification
  activity: Activity code in our spelling
  period: Year
  value: In unit; null where status has M
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, activity, period]}}
  - name: branches_add_up
    meaning: a place whose branches do not add up to its total, beyond 1 a branch
    sql: >
      select source, geo, period, sum(value) filter (level <> 'total' and level <> 'account') as branches, max(value) filter (activity = 'TOTAL') as total
      from core.employment_a38 group by source, geo, period
      having abs(branches - total) > 40 order by source, geo, period
  - name: capital_within_territory
    meaning: a capital larger than its territory in an activity
    sql: >
      select city.geo, city.activity, city.period, city.value, whole.value as whole_value
      from core.employment_a38 city
      join catalogue.geographies g on g.geo = city.geo and g.kind = 'municipality'
      join core.employment_a38 whole on whole.geo = g.parent and whole.activity = city.activity and whole.period = city.period
      where city.value > whole.value + 1 order by 1, 2, 3
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: unit_holds_between_years
    meaning: a year in which the figures of a source moved at the median to less than half or more than double, as when a unit changes
    sql: >
      with moves as (
        select source, period, value / nullif(lag(value) over (partition by source, geo, classification, version, activity order by period), 0) as factor
        from core.employment_a38
      )
      select source, period, median(factor) as factor, count(factor) as n from moves
      group by source, period having count(factor) >= 10 and median(factor) not between 0.5 and 2 order by source, period
  - name: no_sudden_jump
    severity: warning
    meaning: a figure of 1000 persons or more that is less than half or more than double that of the year before
    sql: >
      with moves as (
        select source, geo, classification, version, activity, period, value, lag(value) over (partition by source, geo, classification, version, activity order by period) as before
        from core.employment_a38
      )
      select * from moves where greatest(value, before) >= 1000 and value not between before / 2 and before * 2
      order by all
*/
with cells as (
  select "territorio histórico__as" as geo, "sector__as" as activity, periodo as period, value, kind, provenance, source
  from raw.eustat_employment_a38
  where "tipo de empleo__as" = 'TOTAL' and "tipo de dato__as" = 'level'
  union all
  select "capital__as" as geo, "sector de actividad__as" as activity, periodo as period, value, kind, provenance, source
  from raw.eustat_capitals_employment
  where "capital__as" <> 'ES21'
)
select
  c.geo,
  'NACE' as classification,
  '2' as version,
  case when a.level is null then 'account' else a.level end as level,
  c.activity,
  c.period,
  case c.kind when 'nil' then 0 else c.value end as value,
  'persons or jobs' as unit,
  case when c.kind = 'missing' then 'M' else 'A' end as status,
  c.provenance,
  c.source
from cells c
left join catalogue.activities a on a.classification = 'NACE' and a.version = '2' and a.code = c.activity
-- of the bank's places only those that the catalogue knows; taxes and gross domestic product stand beside the branches
where c.geo is not null and c.activity is not null
order by source, geo, classification, version, activity, period
