/*
name: {en: Concentration across municipalities (Theil), es: Theil territorial, eu: Lurralde-Theil}
question: Are knowledge services gathered in few municipalities, and is that between territories or within them?
definition: >-
  Theil's T of KIBS establishments over municipalities, sum of s ln(s / p), with p the same for every municipality; in the variants that end in relative p is
  the municipality's share of all establishments, so that only what goes beyond the economy's own concentration counts. between and within are the parts
  between the three territories and inside them; they add up to the whole.
unit: nats
row: one KIBS variant, part and year
sources_note: core.establishments, municipalities.
caveats:
  - A municipality without a figure that year (it did not exist) is left out; n tells how many there are.
  - Not what REAT calls theil(), which is the mean log deviation.
reference: Theil 1967
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -0.000001}}
  - name: parts_make_the_whole
    meaning: parts between and within territories that do not add up to the whole
    sql: >
      select whole.variant, whole.period, whole.value, sum(part.value) as parts
      from indicators.conc_theil whole
      join indicators.conc_theil part on part.period = whole.period and part.variant in (whole.variant || ':between', whole.variant || ':within')
      group by whole.variant, whole.period, whole.value
      having abs(sum(part.value) - whole.value) > 1e-9
      order by 1, 2
*/
with members as (
  select variant, activity, count(*) over (partition by variant) as n
  from catalogue.kibs_definitions where classification = 'NACE' and version = '2' and breakdown = 'a88'
),
counted as (
  select m.variant, e.geo, left(e.geo, 2) as territory, e.period, 'NACE2:' || string_agg(e.activity, '+' order by e.activity) as activity,
    cast(sum(cast(e.value as decimal(28, 6))) as double) as value, max(t.value) as total, max(e.provenance) as provenance
  from core.establishments e
  join members m using (activity)
  join core.establishments t on t.source = e.source and t.geo = e.geo and t.period = e.period and t.version = e.version and t.activity = 'TOTAL'
  where e.source = 'eustat_establishments_municipality_cnae' and e.version = '2009'
  group by m.variant, e.geo, e.period
  having count(e.value) = max(m.n)
),
weighted as (
  select variant, geo, territory, period, activity, value as y, 1.0 as x, provenance from counted
  union all
  select variant || ':relative', geo, territory, period, activity, value, total, provenance from counted
),
shares as (
  select *, y / sum(y) over (partition by variant, period order by geo rows between unbounded preceding and unbounded following) as s,
    x / sum(x) over (partition by variant, period order by geo rows between unbounded preceding and unbounded following) as p
  from weighted
),
inside as (
  select *, sum(s) over (partition by variant, period, territory order by geo rows between unbounded preceding and unbounded following) as sg,
    sum(p) over (partition by variant, period, territory order by geo rows between unbounded preceding and unbounded following) as pg
  from shares
),
summed as (
  select variant, activity, period, count(*) as n, max(provenance) as provenance,
    cast(sum(cast(case when s > 0 then s * ln(s / p) else 0 end as decimal(28, 15))) as double) as total,
    cast(sum(cast(case when s > 0 then s * ln(s / sg / (p / pg)) else 0 end as decimal(28, 15))) as double) as within,
    cast(sum(cast(case when s > 0 then s * ln(sg / pg) else 0 end as decimal(28, 15))) as double) as between_
  from inside
  group by variant, activity, period
)
select variant || case part when '' then '' else ':' || part end as variant, 'ES21' as geo, activity, period,
  case part when '' then total when 'between' then between_ else within end as value, n, 'A' as status, provenance, 'eustat_establishments_municipality_cnae' as sources
from summed
cross join (values (''), ('between'), ('within')) parts(part)
order by variant, geo, activity, period
