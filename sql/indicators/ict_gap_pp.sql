/*
name: {en: Gap in the ICT share to a comparator, es: Diferencial de la cuota TIC con la referencia, eu: IKT kuotaren aldea erreferentziarekiko}
question: How far is a place from its comparators in ICT services?
definition: ICT services share of employment of the place minus that of the comparator, same source and definition on both sides.
unit: percentage points
row: one place, comparator and year
sources_note: ict_emp_share.
caveats:
  - Spain contains the Basque Country and Madrid, and the EU contains every place but Manchester; the comparator is not adjusted for that.
reference: own, difference of shares
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -100, max_value: 100}}
*/
select
  r.variant,
  r.geo,
  r.activity,
  r.period,
  r.value - b.value as value,
  r.status || b.status as status,
  b.geo as comparator,
  r.provenance || ';' || b.provenance as provenance,
  r.sources || ';' || b.sources as sources
from indicators.ict_emp_share r
join indicators.ict_emp_share b on b.variant = r.variant and b.activity = r.activity and b.period = r.period
join catalogue.geography_groups g on g.grp = 'comparator' and g.geo = b.geo
where r.geo <> b.geo
order by variant, geo, activity, period, comparator
