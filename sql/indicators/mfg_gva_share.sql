/*
name: {en: Industry share of gross value added, es: Peso de la industria en el VAB, eu: Industriaren pisua BEGean}
question: How much of the economy is industry?
definition: >-
  100 * gross value added of section C (manufacturing, variant section_c) or of sections B to E (industry with energy,
  water and waste, variant industry_b_e) / total gross value added, current prices.
unit: percent
row: one place, year and variant
sources_note: Regional accounts gross value added, Eurostat nama_10r_3gva.
caveats:
  - Industry with energy (B-E) and manufacturing (C) differ by about three points in the Basque Country; say which.
  - Current prices, so a change of relative prices moves the share.
reference: ESA 2010, chapter 8
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 1, max_value: 60}, severity: warning}
  - name: manufacturing_within_industry
    meaning: a place and year where manufacturing outweighs the industry that contains it
    sql: >
      select c.geo, c.period, c.value, b.value as industry from indicators.mfg_gva_share c
      join indicators.mfg_gva_share b on b.geo = c.geo and b.period = c.period
      where c.variant = 'section_c' and b.variant = 'industry_b_e' and c.value > b.value + 0.01
      order by 1, 2
*/
select
  case i.activity when 'C' then 'section_c' else 'industry_b_e' end as variant,
  i.geo,
  'NACE2:' || i.activity as activity,
  i.period,
  100 * i.value / nullif(t.value, 0) as value,
  i.status || t.status as status,
  i.provenance || ';' || t.provenance as provenance,
  i.source || ';' || t.source as sources
from core.gva i
join core.gva t
  on t.source = i.source and t.geo = i.geo and t.classification = i.classification and t.version = i.version
  and t.period = i.period and t.activity = 'TOTAL'
where i.classification = 'NACE' and i.version = '2' and i.activity in ('C', 'B-E')
order by variant, geo, activity, period
