-- SELECTs that both engines answer alike, over core.cells of test_spark.py: of each rewrite one, and some that need none.

-- rewrite: relations
select cells.k, o.n from core.cells join core.cells o on o.n = cells.n order by 1, 2

-- rewrite: subqueries of a group
with o as (select k, n from core.cells) select c.k, count(*) = (select count(*) from o where o.k = c.k) as
whole from core.cells c group by c.k order by 1

-- rewrite: several unnest
select k, unnest([1, 2, 3]) as i, unnest([n, m]) as v, n from core.cells where n is not null order by n, i

-- rewrite: division
select n, n / 2 as half, m / n as dm, 1 / n as one, d / nullif(n, 0) as safe, n / d / (m / n) as deep from
core.cells order by n, half

-- rewrite: a row among rows
select k, n, (k, n) in (('a', 1), ('b', 5)) as i, (n, t) not in ((1, 'y'), (2, 'y')) as o from core.cells
order by n

-- rewrite: order within a sum
select k, sum(m order by n desc) as s, avg(n order by m) as a, stddev_samp(n order by t) as sd from core.cells
group by k order by k

-- rewrite: averages
select k, avg(m) as m, avg(n) as n, avg(d) as d, avg(n) over () as whole from core.cells group by k, n order
by k, n

-- rewrite: logarithms
select n, ln(n) as ln, log2(n) as two, log10(n) as ten, log(n) as log from core.cells order by n

-- rewrite: value at the extreme
select k, min_by(t, n) as low, max_by(t, n) as high, arg_min(m, n) filter (where n > 0) as f from core.cells
group by k order by k

-- rewrite: whole numbers
select n, cast(d as integer) as d, cast(cast(n as varchar) as integer) as s, cast(n as smallint) as n2 from
core.cells where d between -10 and 10 order by n

-- rewrite: texts put together
select k, string_agg(t, '+' order by n desc) as falling, string_agg(t, '' order by t) as rising,
string_agg(distinct t, ', ' order by t) filter (where n > 1) as some,
string_agg(k || t, '|' order by t, n) filter (n < 3) as two, count(distinct t) as ct, count(distinct n) as cn
from core.cells group by k order by k

-- rewrite: quantiles
select k, quantile_cont(n, 0.9) as p, median(n) as m from core.cells group by k order by k

-- none: nulls last
select t, n from core.cells order by t desc, n desc

-- none: texts
select t, left(t, 1) as l, replace(t, 'x', 'é') as r, starts_with(t, 'x') as s, split_part(k || ':' || t, ':',
2) as p, regexp_extract(k || t, '([a-c])[x-z]', 1) as e, trim(ltrim('--' || t, '-')) as b, contains(t, 'z') as
c from core.cells order by n

-- none: greatest
select n, greatest(t, k) as g, least(n, 2) as l, coalesce(t, '?') as c, concat_ws(';', k, t) as w from
core.cells order by n

-- none: qualify
select k, n from core.cells qualify row_number() over (partition by k order by n) = 1 order by k

-- none: group by all
select k, n is null as z, sum(m) as s, any_value(t) as t from core.cells where t is not null group by all
order by all

-- none: except and union
select * exclude (d, m) from core.cells where n > 1 union all select k, t, n from core.cells where n <= 1
order by n

-- none: decimals
select n, cast(d as decimal(28, 6)) as c, m * 1000 as p, m + n as s, m - 0.5 as l, 100 * m as h from
core.cells where d < 10 order by n
