/*
name: {en: Front-runners in services, es: Empresas avanzadas en servicios, eu: Aitzindariak zerbitzuetan}
question: How many firms owe a fifth or more of their revenue to services?
definition: "100 * firms with a share of at least 20 % / firms with an answer."
unit: percent
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - The threshold of 20 % is a choice.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Wilson 1927 (JASA 22)
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
where indicator = 'svy_frontrunner_share'
order by variant, geo, activity, period
