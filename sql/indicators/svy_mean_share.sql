/*
name: {en: Mean service revenue share, es: Cuota media de ingresos por servicios, eu: Zerbitzu-sarreren batez besteko kuota}
question: What part of its revenue does the average firm owe to services?
definition: "Mean of the firms' service shares: unweighted, and with design weights where there are some."
unit: percent
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - A mean of firms counts a small firm like a large one; it is no share of turnover.
  - Never averaged with the official shares; svy_bridge sets them side by side.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Särndal, Swensson and Wretman 1992
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
select
  variant || case domain when 'all' then '' else ':' || domain || '=' || category end as variant,
  case domain when 'territory' then category else 'ES21' end as geo,
  'NACE2:C' as activity,
  wave as period,
  value, lower, upper, n, status, provenance,
  source || coalesce(' (' || nullif(concat_ws(', ', nullif(method, ''), nullif(replace(reason, ';', ','), '')), '') || ')', '') as sources
from core.survey_estimates
where indicator = 'svy_mean_share'
order by variant, geo, activity, period
