/*
name: {en: Gini of service shares, es: Gini de las cuotas de servicios, eu: Zerbitzu-kuoten Gini}
question: How unequal are firms in their service shares?
definition: "Gini coefficient of the firms' shares, noughts included."
unit: index from 0 to 1
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - At 56 firms the interval is wide.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Doersam 2004; Farhauer and Kroell 2014
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 1}}
*/
select
  variant || case domain when 'all' then '' else ':' || domain || '=' || category end as variant,
  case domain when 'territory' then category else 'ES21' end as geo,
  'NACE2:C' as activity,
  wave as period,
  value, lower, upper, n, status, provenance,
  source || coalesce(' (' || nullif(concat_ws(', ', nullif(method, ''), nullif(replace(reason, ';', ','), '')), '') || ')', '') as sources
from core.survey_estimates
where indicator = 'svy_gini'
order by variant, geo, activity, period
