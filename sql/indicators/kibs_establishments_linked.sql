/*
name: {en: KIBS establishments across the change of classification, es: Establecimientos KIBS a través del cambio de clasificación, eu: KIBS establezimenduak sailkapen-aldaketan zehar}
question: How many establishments of knowledge-intensive business services are there, in one series over CNAE-2009 and CNAE-2025?
definition: >-
  Establishments of the directory in a KIBS variant on 1 January. Closed sets of divisions are carried to CNAE-2025 exactly; the past of the
  aggregates 58 to 63 and 69 to 75 is multiplied by the ratio of the first year coded both ways (core.kibs_linked publishes it).
unit: establishments
row: one place, year and KIBS variant or group
sources_note: core.kibs_linked (Eustat directory).
caveats:
  - B marks the first figure coded in CNAE-2025, E what was scaled, D what stands unscaled beside the new coding.
  - Variants that only weights could carry (with 60, 61, 63, 74 or 80 by themselves) are not here; catalogue.kibs_bridge names the weights that are missing.
  - Before the first table in CNAE-2025 the figures are those of kibs_establishments.
reference: Eustat, directory of economic activities; INE, correspondence of CNAE-2009 and CNAE-2025
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select variant, geo, activity, period, value, status, provenance, source as sources
from core.kibs_linked
where measure = 'establishments'
order by variant, geo, activity, period
