/*
name: {en: Participation, es: Participación, eu: Parte-hartzea}
question: Which firms take part?
definition: Firms that took part in an activity of the programme. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one firm id and activity and held on and as of
sources_note: Register participation of the programme (data/catalogue/registers/programme_participation.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  firm_id: Firm, a pseudonym
  activity: What kind of activity
  held_on: When it was held; when it is planned for one to come
  first_time: yes or no
  territory: Where the firm is
  sector: What the firm does
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, firm_id, activity, held_on, as_of]}}
*/
select extract_row, firm_id, activity, held_on, first_time, territory, sector, as_of, 'A' as status, provenance, source
from raw.programme_participation
order by source, firm_id, activity, held_on, as_of
