/*
name: {en: Compound annual growth of the ICT share, es: Tasa anual compuesta de la cuota TIC, eu: IKT kuotaren urteko hazkunde-tasa konposatua}
question: By how much a year did the weight of ICT services grow between two years?
definition: 100 * ((share in the last year / share in the first year) ^ (1 / years) - 1).
unit: percent per year
row: one place and window of years
sources_note: ict_emp_share.
caveats:
  - Only the two end points count; read it beside ict_trend_slope, which uses every year.
  - A window that contains a series break has no rate.
reference: own, compound growth
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -50, max_value: 50}, severity: warning}
*/
with windows as (
  select s.variant, s.geo, s.activity, w.from_period,
    coalesce(nullif(w.to_period, ''), max(case when s.value is not null then s.period end)) as to_period,
    max(case when contains(s.status, 'B') and s.period > w.from_period
      and (w.to_period = '' or s.period <= w.to_period) then 1 else 0 end) as is_broken
  from indicators.ict_emp_share s
  cross join catalogue.analysis_windows w
  group by s.variant, s.geo, s.activity, w.from_period, w.to_period
)
select
  w.variant,
  w.geo,
  w.activity,
  w.from_period || '/' || w.to_period as period,
  case when w.is_broken = 0 then
    100 * (power(l.value / nullif(f.value, 0), 1.0 / (cast(w.to_period as integer) - cast(w.from_period as integer))) - 1)
  end as value,
  f.status || l.status || case when w.is_broken = 0 then '' else 'BM' end as status,
  f.provenance || ';' || l.provenance as provenance,
  f.sources || ';' || l.sources as sources
from windows w
join indicators.ict_emp_share f on f.variant = w.variant and f.geo = w.geo and f.activity = w.activity and f.period = w.from_period
join indicators.ict_emp_share l on l.variant = w.variant and l.geo = w.geo and l.activity = w.activity and l.period = w.to_period
order by variant, geo, activity, period
