/*
name: {en: Assessment of the challenges, es: Valoración de los retos, eu: Erronken balorazioa}
question: How hard are the eight challenges of implementation?
definition: The level of the eight challenges of UIA at a date; a high level is a hard challenge. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one challenge and as of
sources_note: Register assessment of the programme (data/catalogue/registers/programme_assessment.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  as_of: Date the row speaks of, as exact as it was written
  challenge: Challenge of UIA, 1 to 8
  level: Level
  assessor: Who judged
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, challenge, as_of]}}
*/
select extract_row, as_of, challenge, level, assessor, 'A' as status, provenance, source
from raw.programme_assessment
order by source, challenge, as_of
