/*
name: {en: Median service share, es: Cuota mediana, eu: Kuota mediana}
question: What is the service share of the firm in the middle?
definition: "Weighted median of the firms' service shares."
unit: percent
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - Robust where many firms have none.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: R survey, svyquantile
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
where indicator = 'svy_median_share'
order by variant, geo, activity, period
