/*
name: {en: ICT services share of employment, es: Peso del empleo en servicios TIC, eu: IKT zerbitzuen pisua enpleguan}
question: Is the Basque Country catching up in ICT services?
definition: 100 * employment in NACE Rev. 2 section J (information and communication, divisions 58-63) / total employment.
unit: percent
row: one place and year
sources_note: Regional accounts employment, Eurostat nama_10r_3empers.
caveats:
  - The journal does not say which definition it used; section J of the accounts is the best match found for 2015, and 2008 is reproduced by no vintage found.
  - The accounts are revised over their whole length, so the vintage belongs to the figure.
  - Not the same as Eurostat's high-tech services (KIS_HTC) of the labour force survey.
reference: ESA 2010, chapter 11
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, max_value: 15}, severity: warning}
*/
select
  'section_j' as variant,
  j.geo,
  'NACE2:J' as activity,
  j.period,
  100 * j.value / nullif(t.value, 0) as value,
  j.status || t.status as status,
  j.provenance || ';' || t.provenance as provenance,
  j.source || ';' || t.source as sources
from core.employment j
join core.employment t
  on t.source = j.source and t.geo = j.geo and t.classification = j.classification and t.version = j.version
  and t.period = j.period and t.activity = 'TOTAL'
where j.classification = 'NACE' and j.version = '2' and j.activity = 'J'
order by variant, geo, activity, period
