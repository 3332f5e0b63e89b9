/*
name: {en: Parts of one whole, es: Partes de un todo, eu: Oso baten zatiak}
question: How do the activities of a place make up its whole, in breakdowns that leave nothing out and count nothing twice?
definition: >-
  Employment in six parts (manufacturing C, trade to accommodation G-I, information and communication J, finance K, professional and administrative
  services M_N, and the rest) and in the branches of A38; establishments by division. The parts of a place and year add up to its total.
unit: persons or establishments, by measure
row: one source, breakdown, place, activity and year
sources_note: core.employment, core.employment_a38, core.establishments.
caveats:
  - G-I and the rest are differences of published figures; a part that is missing leaves them missing.
  - Sources count different things (persons, jobs, establishments); figures of one source are compared with each other.
reference: ESA 2010, chapter 11; NACE Rev. 2
columns:
  measure: employment or establishments
  breakdown: six_parts, six_parts_eustat, a38 or a88_establishments; names of one breakdown hold figures of one source family
  system: Which statistics, eurostat or eustat; measures of one system belong together
  geo: Place (catalogue.geographies, or a district of Eustat)
  classification: Activity classification with its version, as written before an activity
  activity: Activity code in our spelling, or OTHER for the rest
  section: Section that the activity belongs to
  period: Year
  value: In unit; null where a part is missing
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, breakdown, geo, activity, period]}}
  - name: no_part_below_nought
    meaning: a part that is smaller than nothing, so that it is not a part of its whole
    sql: select source, breakdown, geo, activity, period, value from core.structure where value < 0 order by all
  - name: parts_make_the_whole
    meaning: a place and year whose branches of A38 do not add up to the published total
    sql: >
      select parts.source, parts.geo, parts.period, parts.value as parts, whole.value as whole
      from (select source, geo, period, sum(value) as value, count(*) = count(value) as is_whole from core.structure where breakdown = 'a38' group by all) parts
      join core.employment_a38 whole on whole.source = parts.source and whole.geo = parts.geo and whole.period = parts.period and whole.activity = 'TOTAL'
      where parts.is_whole and abs(parts.value - whole.value) > 20
      order by 1, 2, 3
*/
with published as (
  select source, 'eurostat' as system, geo, period, activity, cast(value as decimal(28, 6)) * 1000 as value, status, provenance
  from core.employment
  where classification = 'NACE' and version = '2' and activity in ('C', 'G-J', 'J', 'K', 'M_N', 'TOTAL')
  union all
  select source, 'eustat', geo, period,
    case when activity like 'C_' then 'C' when activity in ('G', 'H', 'I', 'JA', 'JB', 'JC') then 'G-J' when activity in ('MA', 'MB', 'MC', 'N') then 'M_N' else activity end,
    cast(value as decimal(28, 6)), status, provenance
  from core.employment_a38
  where activity like 'C_' or activity in ('G', 'H', 'I', 'JA', 'JB', 'JC', 'K', 'MA', 'MB', 'MC', 'N', 'TOTAL')
  union all
  select source, 'eustat', geo, period, 'J', cast(value as decimal(28, 6)), status, provenance
  from core.employment_a38
  where activity in ('JA', 'JB', 'JC')
),
summed as (
  select source, system, geo, period, activity, case when count(*) = count(value) then sum(value) end as value, string_agg(status, '') as status, max(provenance) as provenance
  from published
  group by source, system, geo, period, activity
),
wide as (
  select source, system, geo, period,
    max(value) filter (activity = 'C') as c, max(value) filter (activity = 'G-J') as gj, max(value) filter (activity = 'J') as j,
    max(value) filter (activity = 'K') as k, max(value) filter (activity = 'M_N') as mn, max(value) filter (activity = 'TOTAL') as total,
    string_agg(status, '' order by activity) as status, max(provenance) as provenance
  from summed
  group by source, system, geo, period
  having count(*) = 6
),
six as (
  select source, system, geo, period, status, provenance,
    unnest(['C', 'G-I', 'J', 'K', 'M_N', 'OTHER']) as activity,
    unnest([c, gj - j, j, k, mn, total - c - gj - k - mn]) as value
  from wide
),
found as (
  select 'employment' as measure, case system when 'eustat' then 'six_parts_eustat' else 'six_parts' end as breakdown, system, geo, 'NACE2' as classification, activity, activity as section, period,
    cast(value as double) as value, 'persons' as unit, status || case when value is null then 'M' else '' end as status, provenance, source
  from six
  union all
  select 'employment', 'a38', 'eustat', e.geo, 'NACE2', e.activity, left(e.activity, 1), e.period, e.value, 'persons', e.status, e.provenance, e.source
  from core.employment_a38 e
  join catalogue.activity_breakdowns b on b.classification = 'NACE' and b.version = '2' and b.breakdown = 'a38' and b.activity = e.activity
  where e.activity <> 'TOTAL'
  union all
  select 'establishments', 'a88_establishments', 'eustat', e.geo, 'NACE2', e.activity, a.parent, e.period, e.value, 'establishments', e.status, e.provenance, e.source
  from core.establishments e
  join catalogue.activities a on a.classification = 'NACE' and a.version = '2' and a.level = 'division' and a.code = e.activity
  where e.source = 'eustat_establishments_district_cnae' and e.classification = 'CNAE' and e.version = '2009'
)
select measure, breakdown, system, geo, classification, activity, section, period, value, unit, status, provenance, source
from found
order by source, measure, breakdown, system, geo, classification, activity, period
