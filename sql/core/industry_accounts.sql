/*
name: {en: Profit and loss of industry by branch, es: Cuenta de pérdidas y ganancias de la industria por rama, eu: Industriaren galdu-irabazien kontua adarka}
question: What do industrial firms earn, and with what?
definition: Lines of the profit and loss account of industrial establishments, by place, branch and year, as the structural surveys publish them.
unit: thousand euro
row: one source, place, branch, line and year
sources_note: Eustat PX_112311_cindus_ind02 (branches of A86); INE table 28384 (Spain, NACE divisions).
caveats:
  - The unit of a line of persons is persons; all others are thousand euro.
  - A nil of Eustat is nought; a branch without figures does not exist in that territory.
  - A line that no rule recognises keeps the publisher's text as its name.
reference: Regulation (EC) 295/2008 and Commission Regulation 250/2009 (characteristics 12 11 0 and 18 15 0)
columns:
  geo: Place (catalogue.geographies)
  classification: Activity classification
  version: Version of the classification
  level: Level within the classification
  activity: Branch in our spelling
  line: Our name of the line, else the publisher's text
  is_known: Whether a rule of the contract recognised the line
  period: Year
  value: In unit; null where status has M
  unit: thousand euro, or persons employed
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, geo, classification, version, activity, line, period]}}
  - name: services_within_turnover
    meaning: a branch whose services exceed its net turnover
    sql: >
      select s.source, s.geo, s.activity, s.period, s.value, t.value as turnover
      from core.industry_accounts s
      join core.industry_accounts t using (source, geo, classification, version, activity, period)
      where s.line = 'services_rendered' and t.line = 'net_turnover' and s.value > t.value + 2
      order by 1, 2, 3, 4
  - name: unit_holds_between_years
    meaning: a year in which the figures of a source moved at the median to less than half or more than double, as when a unit changes
    sql: >
      with moves as (
        select source, period, value / nullif(lag(value) over (partition by source, geo, classification, version, activity, line order by period), 0) as factor
        from core.industry_accounts
      )
      select source, period, median(factor) as factor, count(factor) as n from moves
      group by source, period having count(factor) >= 10 and median(factor) not between 0.5 and 2 order by source, period
  - name: turnover_is_its_parts
    severity: warning
    meaning: a branch whose net turnover is not its sales of products and merchandise and its services, where all three are published
    sql: >
      with parts as (
        select source, geo, activity, period, max(value) filter (line = 'net_turnover') as turnover,
          sum(value) filter (line in ('sales_of_products', 'sales_of_merchandise', 'services_rendered')) as parts,
          count(value) filter (line in ('sales_of_products', 'sales_of_merchandise', 'services_rendered')) as n
        from core.industry_accounts group by source, geo, activity, period
      )
      select * from parts where n = 3 and abs(parts - turnover) > 3 order by source, geo, activity, period
*/
with lines as (
  select
    "territorio histórico__as" as geo, 'Eustat' as classification, 'A86' as version,
    case "sector (A86)__as" when 'TOTAL' then 'total' else 'a86' end as level, "sector (A86)__as" as activity,
    "cuenta de perdidas y ganancias__as" as known, "cuenta de perdidas y ganancias__label" as label,
    periodo as period, value, kind, flag, provenance, source
  from raw.eustat_industry_accounts
  union all
  select
    'ES', 'NACE', '2',
    case "Actividad principal (CNAE-2009 a 1, 2 y 3 dígitos)__as" when 'B-E' then 'a10' else 'division' end,
    coalesce(
      "Actividad principal (CNAE-2009 a 1, 2 y 3 dígitos)__as",
      nullif(regexp_extract("Actividad principal (CNAE-2009 a 1, 2 y 3 dígitos)", '^([0-9]{2})[^0-9]', 1), '')
    ),
    "Resultados de explotación__as", "Resultados de explotación", "Periodo", value, kind, flag, provenance, source
  from raw.ine_industry_structure
)
select
  geo, classification, version, level, activity,
  coalesce(known, trim(ltrim(label, '-'))) as line,
  known is not null as is_known,
  period,
  case kind when 'nil' then 0 else value end as value,
  case known when 'employment' then 'persons employed' else 'thousand euro' end as unit,
  case when kind = 'missing' then 'M' else 'A' end as status,
  provenance,
  source
from lines
-- groups of three digits stay in raw
where activity is not null
order by source, geo, classification, version, activity, line, period
