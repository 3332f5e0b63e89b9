/*
name: {en: Risks, es: Riesgos, eu: Arriskuak}
question: What could go wrong in the alliances?
definition: Risks of the alliances of a case, weighted. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one case id and risk and as of
sources_note: Register risk of the programme (data/catalogue/registers/programme_risk.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  case_id: Case, a pseudonym
  risk: Risk
  weight: Weight of the risk, 0 and more
  likelihood: 1 to 5
  impact: 1 to 5, of the risk
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, case_id, risk, as_of]}}
*/
select extract_row, case_id, risk, weight, likelihood, impact, as_of, 'A' as status, provenance, source
from raw.programme_risk
order by source, case_id, risk, as_of
