/*
name: {en: KPIs of the cases, es: Indicadores de los casos, eu: Kasuen adierazleak}
question: Do the cases reach what they set themselves?
definition: What a case set itself, and what it reached. One row of the register's extract each, firms and organisations under pseudonyms.
unit: as stated
row: one case id and kpi and as of
sources_note: Register kpi of the programme (data/catalogue/registers/programme_kpi.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  case_id: Case, a pseudonym
  kpi: What is measured
  unit: Unit
  baseline: Where it began
  target: What is to be reached
  actual: What was reached
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, case_id, kpi, as_of]}}
*/
select extract_row, case_id, kpi, unit, baseline, target, actual, as_of, 'A' as status, provenance, source
from raw.programme_kpi
order by source, case_id, kpi, as_of
