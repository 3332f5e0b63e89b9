/*
name: {en: Accounts of branches from firms, es: Cuentas de ramas a partir de empresas, eu: Adarren kontuak enpresetatik}
definition: Sums of the lines of firms' accounts by place, branch and year, in the shape of core.industry_accounts.
unit: thousand euro
row: one place, branch, line and year
sources_note: raw.firm_panel, a panel of firms (made up by bench_spark.py).
columns:
  geo: Territory, or ES21 for all of them
  classification: Activity classification
  version: Version of the classification
  level: Level within the classification
  activity: Branch of A86
  line: Line of the account
  is_known: Whether the line is known
  period: Year
  value: Sum of firms that state it
  unit: thousand euro
  status: Letters of the firms' figures; E where some are missing
  provenance: synthetic
  source: firm_panel
*/
select
  coalesce(territory, 'ES21') as geo, 'Eustat' as classification, 'A86' as version, 'a86' as level, branch as activity, line,
  true as is_known, period, cast(sum(cast(value as decimal(18, 3))) as double) as value, 'thousand euro' as unit,
  string_agg(distinct case status when 'M' then 'E' else status end, '') as status, max(provenance) as provenance, 'firm_panel' as source
from raw.firm_panel
group by grouping sets ((branch, line, period), (territory, branch, line, period))
order by source, geo, classification, version, activity, line, period
