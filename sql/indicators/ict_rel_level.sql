/*
name: {en: ICT share relative to a comparator, es: Cuota TIC en relación con la referencia, eu: IKT kuota erreferentziarekin alderatuta}
question: What is the weight of ICT services when the comparator is 100?
definition: 100 * ICT services share of employment of the place / that of the comparator; 100 times the location quotient of section J.
unit: comparator = 100
row: one place, comparator and year
sources_note: ict_emp_share.
caveats:
  - Spain contains the Basque Country and Madrid, and the EU contains every place but Manchester; the comparator is not adjusted for that.
reference: own, ratio of shares
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select
  r.variant,
  r.geo,
  r.activity,
  r.period,
  100 * r.value / nullif(b.value, 0) as value,
  r.status || b.status as status,
  b.geo as comparator,
  r.provenance || ';' || b.provenance as provenance,
  r.sources || ';' || b.sources as sources
from indicators.ict_emp_share r
join indicators.ict_emp_share b on b.variant = r.variant and b.activity = r.activity and b.period = r.period
join catalogue.geography_groups g on g.grp = 'comparator' and g.geo = b.geo
where r.geo <> b.geo
order by variant, geo, activity, period, comparator
