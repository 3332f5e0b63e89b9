/*
name: {en: Turnover-weighted service share, es: Cuota ponderada por facturación, eu: Fakturazioaz haztatutako kuota}
question: What part of all surveyed turnover is services?
definition: "Sum of service turnover over sum of turnover (ratio estimator)."
unit: percent
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - Dominated by the largest firms.
  - Comparable with serv_pl_share; the gap to svy_mean_share is information.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Cochran 1977, ch. 6
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
where indicator = 'svy_tw_share'
order by variant, geo, activity, period
