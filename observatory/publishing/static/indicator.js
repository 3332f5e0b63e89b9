"use strict";
// An indicator's page: what is chosen, which rows that is, and the controls. Drawing is in chart.js.
(() => {
  const meta = OBS.meta();
  const text = meta.text;
  const at = (id) => document.getElementById(id);
  const MOST = 8;
  let data = null;
  let state = {};
  let shown = [];
  let told = { title: "", lines: [] };

  const cell = (name, index) => data[name].words[data[name].codes[index]];
  const row = (index) => ({
    index, geo: cell("geo", index), variant: cell("variant", index), activity: cell("activity", index), period: cell("period", index),
    status: cell("status", index), comparator: cell("comparator", index), provenance: cell("provenance", index),
    unit: cell("unit", index), sources: cell("sources", index),
    value: data.value[index], lower: data.lower[index], upper: data.upper[index], n: data.n[index],
  });
  // Rows whose columns have the wanted words.
  const find = (wanted) => {
    const codes = Object.entries(wanted).map(([name, word]) => [data[name].codes, data[name].words.indexOf(word)]);
    const found = [];
    for (let index = 0; index < data.value.length; index++) {
      if (codes.every(([column, code]) => column[index] === code)) found.push(row(index));
    }
    return found;
  };
  const distinct = (rows, name) => [...new Set(rows.map((one) => one[name]))];
  const compared = () => data.comparator.words.some((word) => word !== "");
  const name = (kind, code) => meta.labels[kind][code]?.name ?? meta.labels[kind][code] ?? code;
  const order = (a, b) => (meta.labels.geo[a]?.order ?? 99) - (meta.labels.geo[b]?.order ?? 99) || OBS.byCode(a, b);
  const inOrder = (a, b) => (meta.order.indexOf(a) - meta.order.indexOf(b)) || OBS.byCode(a, b);
  const among = (wanted, known, usual) => (known.includes(wanted) ? wanted : known.includes(usual) ? usual : known[0] ?? "");

  // What is chosen, made whole: each choice must be one that the data of this release has.
  const settle = (asked) => {
    const made = { view: among(asked.view, meta.views, meta.defaults.view), release: state.release };
    made.variant = among(asked.variant, data.variant.words, meta.defaults.variant);
    let rows = find({ variant: made.variant });
    const activities = distinct(rows, "activity").sort();
    made.activity = among(asked.activity, activities, meta.defaults.activity);
    const places = distinct(rows, "geo").sort(order);
    const comparators = compared() ? distinct(rows, "comparator").sort(order) : ["", ...places];
    made.comparator = among(asked.comparator ?? "", comparators, compared() ? meta.defaults.comparator : "");
    rows = rows.filter((one) => one.activity === made.activity && (!compared() || one.comparator === made.comparator));
    const usable = distinct(rows, "geo").sort(order);
    const wished = (asked.geo ?? meta.defaults.geo.join(",")).split(",").filter((geo) => usable.includes(geo));
    made.geo = (wished.length || asked.geo === "" ? wished : usable.slice(0, 3)).slice(0, MOST).join(",");
    const periods = distinct(rows, "period").sort(OBS.byPeriod);
    made.from = among(asked.from, periods, periods[0]);
    made.to = among(asked.to, periods, periods[periods.length - 1]);
    if (periods.indexOf(made.from) > periods.indexOf(made.to)) [made.from, made.to] = [made.to, made.from];
    const filled = periods.filter((period) => rows.some((one) => one.period === period && one.value !== null));
    made.at = among(asked.at, periods, filled[filled.length - 1]);
    const sides = ["geo", ...(activities.length > 1 ? ["activity"] : []), ...(data.variant.words.length > 1 ? ["variant"] : [])];
    // a page that opens as bars does so to set variants beside each other
    made.by = among(asked.by, sides, meta.defaults.view === "rank" ? "variant" : usable.length === 1 ? sides[1] : "geo");
    return { made, activities, comparators, usable, periods, rows, sides };
  };

  const select = (id, label, options, value, shownAs, hidden = false) => {
    const box = OBS.element("select", { id, name: id });
    for (const option of options) box.append(OBS.element("option", { value: option, selected: option === value }, shownAs(option)));
    box.value = value;
    box.addEventListener("change", () => update({ [id]: box.value }));
    return OBS.element("div", { class: "field", hidden }, OBS.element("label", { for: id }, label), box);
  };

  const controls = (now) => {
    const { made } = now;
    const focused = document.activeElement?.id;
    const places = OBS.element("fieldset", { class: "places" }, OBS.element("legend", {}, text.places));
    const list = OBS.element("div", { class: "list", tabindex: "0", role: "group", "aria-label": text.places });
    const chosen = made.geo.split(",").filter(Boolean);
    for (const geo of now.usable) {
      const box = OBS.element("input", { type: "checkbox", id: `geo-${geo}`, value: geo, checked: chosen.includes(geo) });
      box.addEventListener("change", () => {
        const next = box.checked ? [...chosen, geo] : chosen.filter((one) => one !== geo);
        if (next.length > MOST) { box.checked = false; at("said").textContent = text.too_many; return; }
        update({ geo: next.join(",") });
      });
      list.append(OBS.element("label", { class: "check" }, box, ` ${name("geo", geo)} `, OBS.element("small", {}, meta.labels.geo[geo]?.level ?? "")));
    }
    places.append(list);
    const views = OBS.element("fieldset", { class: "views" }, OBS.element("legend", {}, text.view));
    for (const view of meta.views) {
      const box = OBS.element("input", { type: "radio", name: "view", id: `view-${view}`, value: view, checked: made.view === view });
      box.addEventListener("change", () => update({ view }));
      views.append(OBS.element("label", { class: "check" }, box, ` ${text[view]}`));
    }
    const none = (code) => (code === "" ? text.none : name("geo", code));
    const series = made.view === "series";
    at("controls").replaceChildren(
      views,
      select("variant", text.variant, [...data.variant.words].sort(inOrder), made.variant, (code) => name("variant", code), data.variant.words.length < 2),
      select("activity", text.activity, now.activities, made.activity, (code) => name("activity", code), now.activities.length < 2),
      select("comparator", text.comparator, now.comparators, made.comparator, none, !compared() && now.usable.length < 2),
      select("from", text.from, now.periods, made.from, OBS.period, !series),
      select("to", text.to, now.periods, made.to, OBS.period, !series),
      select("at", text.at, now.periods, made.at, OBS.period, series),
      select("by", text.by, now.sides, made.by, (by) => text[`by_${by}`], series || now.sides.length < 2),
      select("release", text.release, meta.releases.map((one) => one.name), state.release, (one) => one),
      places,
    );
    if (focused) at(focused)?.focus();
  };

  // The unit of what is shown: an indicator may hold more than one.
  const unitOf = (picked) => {
    const units = [...new Set(picked.rows.map((one) => one.unit))];
    return units.length === 1 ? name("unit", units[0]) : meta.unit;
  };

  // The one place whose activities or variants stand beside each other.
  const place = (now) => now.made.geo.split(",")[0] || now.usable[0];

  // The rows that the chart shows, in groups or as a list; the table and the CSV show the same.
  const choose = (now) => {
    const { made } = now;
    const chosen = made.geo.split(",").filter(Boolean);
    const extra = !compared() && made.comparator && !chosen.includes(made.comparator) ? [made.comparator] : [];
    if (made.view === "series") {
      const window = now.periods.slice(now.periods.indexOf(made.from), now.periods.indexOf(made.to) + 1);
      const groups = [...chosen, ...extra].map((geo) => ({
        label: name("geo", geo),
        rows: now.rows.filter((one) => one.geo === geo && window.includes(one.period)).sort((a, b) => OBS.byPeriod(a.period, b.period)),
      }));
      return { groups, periods: window, rows: groups.flatMap((group) => group.rows) };
    }
    // all values of one side beside each other, the others as chosen
    const { by } = made;
    const wanted = { variant: made.variant, activity: made.activity, geo: place(now), period: made.at };
    if (compared()) wanted.comparator = made.comparator;
    const unit = now.rows.find((one) => one.geo === wanted.geo)?.unit;
    delete wanted[by];
    const rows = find(wanted).filter((one) => by !== "variant" || one.unit === unit);
    const high = (one) => (one.value === null ? -Infinity : one.value);
    const sorted = { geo: order, activity: OBS.byCode, variant: inOrder }[by];
    const up = (a, b) => high(b) - high(a) || sorted(a[by], b[by]);
    rows.sort(made.view === "rank" || by === "activity" ? up : (a, b) => sorted(a[by], b[by]));
    const items = rows.map((one) => ({
      row: one, label: name(by, one[by]), level: meta.labels.geo[one.geo]?.level ?? "",
      chosen: by === "geo" ? chosen.includes(one.geo) : one[by] === made[by],
    }));
    const beside = !compared() && made.comparator && by === "geo" ? rows.find((one) => one.geo === made.comparator) : null;
    return { items, rows, reference: beside ? { row: beside, label: name("geo", beside.geo) } : null };
  };

  const alternative = (now, picked) => {
    const words = { title: meta.title, unit: unitOf(picked), period: OBS.period(now.made.at) };
    if (now.made.view === "series") {
      const told = picked.groups.map(({ label, rows }) => {
        const known = rows.filter((one) => one.value !== null);
        if (!known.length) return `${label}: ${text.missing}.`;
        const [first, last] = [known[0], known[known.length - 1]];
        return OBS.fill(text.alt_one, {
          place: label, first: OBS.value(first.value, meta, first.unit), from: OBS.period(first.period),
          last: OBS.value(last.value, meta, last.unit), to: OBS.period(last.period),
        });
      });
      return OBS.fill(text.alt_series, { ...words, series: told.join(" ") });
    }
    const known = picked.items.filter(({ row: one }) => one.value !== null).sort((a, b) => b.row.value - a.row.value);
    if (!known.length) return text.no_rows;
    const [top, bottom] = [known[0], known[known.length - 1]];
    return OBS.fill(text[`alt_${now.made.view}`], {
      ...words, n: known.length, top: top.label, high: OBS.value(top.row.value, meta, top.row.unit),
      bottom: bottom.label, low: OBS.value(bottom.row.value, meta, bottom.row.unit),
    });
  };

  const table = (now, picked) => {
    const some = (column) => picked.rows.some((one) => one[column] !== null && one[column] !== "");
    const by = now.made.view === "series" ? "geo" : now.made.by;
    const columns = [
      [by === "geo" ? text.place : text[by], (one) => name(by, one[by])],
      [text.period, (one) => OBS.period(one.period)],
      [`${text.value} (${unitOf(picked)})`, (one) => OBS.value(one.value, meta, one.unit), true],
      ...(some("lower") ? [[text.interval, (one) => OBS.interval(one, meta), true]] : []),
      [text.status, (one) => OBS.status(one.status, meta)],
      ...(some("n") ? [[text.n, (one) => (one.n === null ? "–" : OBS.number(one.n, meta, "cases")), true]] : []),
      ...(some("comparator") ? [[text.comparator, (one) => name("geo", one.comparator)]] : []),
      [text.provenance, (one) => OBS.provenance(one.provenance, meta)],
    ];
    const rows = picked.rows.map((one) => ({ cells: columns.map(([, make]) => make(one)), synthetic: one.provenance === "synthetic" }));
    const numeric = columns.flatMap(([, , isNumber], index) => (isNumber ? [index] : []));
    OBS.table(at("table"), text.table, columns.map(([head]) => head), rows, meta, numeric);
  };

  const words = (now, picked) => {
    const { made } = now;
    const sides = { geo: name("geo", place(now)), variant: name("variant", made.variant), activity: name("activity", made.activity) };
    delete sides[made.view === "series" ? "geo" : made.by];
    const what = [...Object.values(sides), made.comparator && `${text.comparator}: ${name("geo", made.comparator)}`];
    const when = made.view === "series" ? "" : OBS.period(made.at);
    const lines = [[...what, when].filter(Boolean).join(" · "), OBS.fill(meta.cite, { release: state.release })];
    if (picked.rows.some((one) => one.provenance === "synthetic")) lines.push(text.synthetic_note);
    const every = (test) => picked.rows.every((one) => test(one.unit));
    return {
      title: meta.title, lines, unit: unitOf(picked),
      isCounted: every((unit) => meta.counted.includes(unit)), isClass: every((unit) => unit === meta.classUnit),
    };
  };

  // What is on the screen as a table of figures: the columns of the release.
  const HEADS = ["indicator", "variant", "geo", "activity", "period", "value", "unit", "status", "lower", "upper", "n", "comparator", "provenance", "sources", "release"];
  const cells = () => shown.map((one) => HEADS.map((head) => (head === "indicator" ? meta.id : head === "release" ? state.release : one[head])));
  // a spreadsheet must not take a text for a formula (the rule of observatory/safe_text.py)
  const safe = (value) => (typeof value === "string" && /^ *[=+\-@\t\r]/.test(value) && value !== "-" ? `'${value}` : value ?? "");
  const lines = () => cells().map((line) => line.map(safe));

  const csv = () => {
    const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
    return `${[HEADS, ...lines()].map((line) => line.map((value) => quoted(String(value))).join(",")).join("\r\n")}\r\n`;
  };

  const xlsx = () => {
    const { title, lines: notes } = told;
    const about = [[title], ...notes.map((line) => [line]), [location.href]];
    const widths = HEADS.map((head) => (head === "sources" ? 40 : head === "variant" || head === "activity" ? 24 : 13));
    return OBS.workbook([{ name: meta.id.slice(0, 31), rows: [HEADS, ...lines()], widths }, { name: text.about, rows: about, widths: [90] }]);
  };

  const parquet = () => {
    const rows = cells();
    const NUMBERS = ["value", "lower", "upper", "n"];
    const columns = HEADS.map((name, index) => ({ name, isNumber: NUMBERS.includes(name), values: rows.map((row) => row[index]) }));
    return OBS.parquet(columns, { title: told.title, notes: told.lines.join("\n"), address: location.href });
  };

  const render = async (asked) => {
    const now = settle(asked);
    state = now.made;
    controls(now);
    const picked = choose(now);
    shown = picked.rows;
    table(now, picked);
    const link = OBS.address(state);
    history.replaceState(null, "", link);
    at("permalink").href = link;
    const box = at("chart");
    at("picture").setAttribute("aria-label", alternative(now, picked));
    at("parquet").disabled = !shown.length;
    at("said").textContent = shown.length ? OBS.fill(text.rows, { n: shown.length }) : text.no_rows;
    told = { ...words(now, picked), room: state.view !== "series" };
    await OBS.draw(box, meta.specs[state.view], shape(now, picked), told, meta);
  };
  const shape = (now, picked) => (now.made.view === "series"
    ? OBS.seriesData(picked.groups, now.periods, meta)
    : OBS.barData(picked.items, picked.reference, meta));

  const show = async (asked) => {
    const wanted = meta.releases.find((one) => one.name === asked.release) ?? meta.releases[0];
    try {
      data = await OBS.load(meta.root, wanted.file);
    } catch {
      at("said").textContent = text.failed;
      return;
    }
    state = { ...state, release: wanted.name };
    await render(asked);
  };
  const update = (change) => show({ ...state, ...change });

  for (const kind of ["png", "svg"]) at(kind).addEventListener("click", () => OBS.picture(`${meta.id}_${state.release}.${kind}`, kind));
  at("csv").addEventListener("click", () => OBS.save(`${meta.id}_${state.release}.csv`, csv(), "text/csv;charset=utf-8"));
  at("xlsx").addEventListener("click", () => OBS.save(`${meta.id}_${state.release}.xlsx`, xlsx()));
  at("parquet").addEventListener("click", () => OBS.save(`${meta.id}_${state.release}.parquet`, parquet(), "application/vnd.apache.parquet"));
  addEventListener("hashchange", () => show(OBS.read()));
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; show(state); } });
  show(OBS.read());
})();
