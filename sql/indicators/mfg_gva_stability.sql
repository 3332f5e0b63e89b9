/*
name: {en: Stability of the industry share, es: Estabilidad del peso de la industria, eu: Industriaren pisuaren egonkortasuna}
question: Has the weight of industry really been stable?
definition: >-
  Over a window of years: the highest minus the lowest share (range), the standard deviation of its annual changes
  (sd_change), and the last minus the first share (change).
unit: percentage points
row: one place, window of years, industry variant and measure
sources_note: mfg_gva_share.
caveats:
  - 2009 and 2020 were shocks; a window that holds them looks less stable.
  - A window that contains a series break has no figure.
reference: own
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -50, max_value: 50}, severity: warning}
  - name: spread_is_not_negative
    meaning: a range or standard deviation below nought
    sql: >
      select geo, variant, period, value from indicators.mfg_gva_stability
      where value < 0 and not ends_with(variant, ':change') order by 1, 2, 3
*/
with inside as (
  select s.*, w.from_period,
    s.value - lag(s.value) over (partition by w.from_period, w.to_period, s.variant, s.geo, s.activity order by s.period) as change,
    w.from_period || '/' || coalesce(nullif(w.to_period, ''),
      max(case when s.value is not null then s.period end) over (partition by w.from_period, w.to_period, s.variant, s.geo, s.activity)) as years
  from indicators.mfg_gva_share s
  cross join catalogue.analysis_windows w
  where s.period >= w.from_period and (w.to_period = '' or s.period <= w.to_period)
),
measured as (
  select variant, geo, activity, years,
    max(value) - min(value) as spread,
    stddev_samp(change) as sd_change,
    max_by(value, period) filter (where value is not null) - min_by(value, period) filter (where value is not null) as change,
    count(value) as n,
    max(case when contains(status, 'B') and period > from_period then 1 else 0 end) as is_broken,
    string_agg(case when value is not null then status else '' end, '' order by period) as status,
    string_agg(distinct provenance, ';' order by provenance) as provenance,
    string_agg(distinct sources, ';' order by sources) as sources
  from inside
  group by variant, geo, activity, years
),
labelled as (
  select variant || ':range' as variant, geo, activity, years as period, spread as value, n, is_broken, status, provenance, sources from measured
  union all
  select variant || ':sd_change', geo, activity, years, sd_change, n, is_broken, status, provenance, sources from measured
  union all
  select variant || ':change', geo, activity, years, change, n, is_broken, status, provenance, sources from measured
)
select variant, geo, activity, period,
  case when is_broken = 0 then value end as value,
  n,
  status || case when is_broken = 1 then 'BM' when value is null then 'M' else '' end as status,
  provenance,
  sources
from labelled
order by variant, geo, activity, period
