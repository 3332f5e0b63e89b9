/*
name: {en: Commitments of funding, es: Compromisos de financiación, eu: Finantzaketa-konpromisoak}
question: Who pays once the funding ends?
definition: Who pays for what after the funding by UIA ends. One row of the register's extract each, firms and organisations under pseudonyms.
unit: euro a year
row: one line and funder and as of
sources_note: Register commitment of the programme (data/catalogue/registers/programme_commitment.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  line: courses, start_up, brokering or observatory
  funder: Who pays, a pseudonym
  planned: Planned cost, euro a year
  amount: Committed, euro a year
  from_on: From
  to_on: Until
  written: yes or no
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, line, funder, as_of]}}
*/
select extract_row, line, funder, planned, amount, from_on, to_on, written, as_of, 'A' as status, provenance, source
from raw.programme_commitment
order by source, line, funder, as_of
