/*
name: {en: Alliances, es: Alianzas, eu: Aliantzak}
question: Which partnerships are in the making or signed?
definition: Partnerships in the making or signed. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one alliance id and as of
sources_note: Register alliance of the programme (data/catalogue/registers/programme_alliance.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  alliance_id: Alliance, a pseudonym
  case_id: Case, a pseudonym
  counterpart_id: The other party, a pseudonym
  sort: Kind
  level: Level
  impact: 1 to 5
  competitive_advantage: 1 to 5
  interaction: 1 to 5
  intelligence: 1 to 5
  formalisation_wanted: 1 to 5
  formalisation_actual: 1 to 5
  signed_on: When it was signed; null while it is not
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, alliance_id, as_of]}}
*/
select extract_row, alliance_id, case_id, counterpart_id, sort, level, impact, competitive_advantage, interaction, intelligence, formalisation_wanted, formalisation_actual, signed_on, as_of, 'A' as status, provenance, source
from raw.programme_alliance
order by source, alliance_id, as_of
