/*
name: {en: Targets of the programme, es: Metas del programa, eu: Programaren helburuak}
question: What did the programme set out to reach?
definition: What the programme set out to reach, and by when. One row of the register's extract each, firms and organisations under pseudonyms.
unit: as stated
row: one indicator and cohort and as of
sources_note: Register target of the programme (data/catalogue/registers/programme_target.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  indicator: Indicator that the target is for
  cohort: Group of cases
  target: What is to be reached
  unit: Unit
  baseline: Where it began
  starts_on: When the time to reach it began
  due_on: When it is due
  is_counted: yes where the registers count it in full
  as_of: Date the row speaks of, as exact as it was written
  stated_in: Where the target is stated
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, indicator, cohort, as_of]}}
*/
select extract_row, indicator, cohort, target, unit, baseline, starts_on, due_on, is_counted, as_of, stated_in, 'A' as status, provenance, source
from raw.programme_target
order by source, indicator, cohort, as_of
