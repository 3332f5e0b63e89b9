/*
name: {en: Effective sample size, es: Tamaño muestral efectivo, eu: Laginaren tamaina eraginkorra}
question: With how many firms can the survey speak?
definition: "(sum of weights)^2 / sum of squared weights, and Kish's design effect."
unit: firms
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - "An approximation: it ignores what calibration gains."
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Kish 1965
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select
  variant || case domain when 'all' then '' else ':' || domain || '=' || category end as variant,
  case domain when 'territory' then category else 'ES21' end as geo,
  'NACE2:C' as activity,
  wave as period,
  value, lower, upper, n, status, provenance,
  source || coalesce(' (' || nullif(concat_ws(', ', nullif(method, ''), nullif(replace(reason, ';', ','), '')), '') || ')', '') as sources
from core.survey_estimates
where indicator = 'svy_neff'
order by variant, geo, activity, period
