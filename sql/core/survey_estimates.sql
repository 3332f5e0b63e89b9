/*
name: {en: Estimates of the firm surveys, es: Estimaciones de las encuestas a empresas, eu: Enpresa-inkesten estimazioak}
question: What do industrial firms themselves say of their services?
definition: Estimates from the answers of firms, whole and by branch, size and territory, each with its interval and how it was got.
unit: percent, points or firms, by indicator
row: one source, indicator, variant, domain, category and wave
sources_note: Firm surveys under data/catalogue/surveys; a new wave is one codebook and one line here.
caveats:
  - Answers of single firms never stand in a table.
  - What is suppressed has a row with status C (confidentiality) or MU (quality) and no value.
reference: Domain notes of the observatory on survey statistics; Cochran 1977; Rao and Wu 1988 (JASA 83)
columns:
  indicator: Id of the indicator
  variant: Weighting of the estimate
  domain: all, branch, size or territory
  category: Code within the domain; all for the whole wave
  wave: Wave of the survey
  value: Estimate; null where missing or suppressed
  lower: Lower bound of the 95 % interval
  upper: Upper bound of the 95 % interval
  n: Firms with an answer
  method: How the interval was got; "indicative" where the sample was not drawn by design
  reason: Why a figure is missing, suppressed or marked
  status: SDMX observation status
  provenance: survey or synthetic
  source: Id of the wave
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, indicator, variant, domain, category, wave]}}
  - name: no_cell_of_few_firms
    meaning: a figure of fewer than three firms
    sql: select * from core.survey_estimates where value is not null and n < 3 order by all
*/
select indicator, variant, domain, category, wave, value, lower, upper, n, method, reason,
  -- what the quality gate holds back is missing, and its reason is low reliability
  flag || case when value is null and flag = 'U' then 'M' else '' end as status,
  provenance, source
from raw.survey_servitization_2018
order by source, indicator, variant, domain, category, wave
