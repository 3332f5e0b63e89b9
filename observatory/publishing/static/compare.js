"use strict";
// The comparison page: the latest value of every indicator for chosen places side by side, and a chart of one of them.
(() => {
  const meta = OBS.meta();
  const text = meta.text;
  const at = (id) => document.getElementById(id);
  const MOST = 8;
  let data = null;
  let state = {};
  const name = (geo) => meta.labels.geo[geo]?.name ?? geo;

  const settle = (asked) => {
    const geo = (asked.geo ?? meta.defaults.geo.join(",")).split(",").filter((one) => meta.labels.geo[one]).slice(0, MOST);
    const indicator = data[asked.indicator] ? asked.indicator : meta.defaults.indicator;
    // only figures of one series are comparable: the one that the most of the chosen places have, unless one was chosen
    const reach = data[indicator].map((figures) => geo.filter((one) => figures[one]).length);
    const wished = Number(asked.series ?? -1);
    const series = reach[wished] > 0 && asked.indicator === indicator ? wished : Math.max(0, reach.indexOf(Math.max(...reach)));
    return { geo: geo.join(","), indicator, series: String(series) };
  };

  const controls = () => {
    const focused = document.activeElement?.id;
    const chosen = state.geo.split(",").filter(Boolean);
    const list = OBS.element("div", { class: "list", tabindex: "0", role: "group", "aria-label": text.places });
    for (const geo of Object.keys(meta.labels.geo).sort((a, b) => meta.labels.geo[a].order - meta.labels.geo[b].order)) {
      const box = OBS.element("input", { type: "checkbox", id: `geo-${geo}`, value: geo, checked: chosen.includes(geo) });
      box.addEventListener("change", () => {
        const next = box.checked ? [...chosen, geo] : chosen.filter((one) => one !== geo);
        if (next.length > MOST) { box.checked = false; at("said").textContent = text.too_many; return; }
        update({ geo: next.join(",") });
      });
      list.append(OBS.element("label", { class: "check" }, box, ` ${name(geo)} `, OBS.element("small", {}, meta.labels.geo[geo].level)));
    }
    const pick = OBS.element("select", { id: "indicator" });
    for (const id of Object.keys(meta.indicators)) pick.append(OBS.element("option", { value: id }, meta.indicators[id].title));
    pick.value = state.indicator;
    pick.addEventListener("change", () => update({ indicator: pick.value, series: undefined }));
    const names = meta.indicators[state.indicator].series;
    const variant = OBS.element("select", { id: "series" });
    names.forEach((label, place) => variant.append(OBS.element("option", { value: String(place) }, label)));
    variant.value = state.series;
    variant.addEventListener("change", () => update({ series: variant.value }));
    at("controls").replaceChildren(
      OBS.element("div", { class: "field" }, OBS.element("label", { for: "indicator" }, meta.chartOf), pick),
      OBS.element("div", { class: "field", hidden: names.length < 2 }, OBS.element("label", { for: "series" }, text.variant), variant),
      OBS.element("fieldset", { class: "places" }, OBS.element("legend", {}, text.places), list),
    );
    if (focused) at(focused)?.focus();
  };

  const figure = (row, unit) => {
    if (!row) return "–";
    const value = OBS.value(row.value, meta, row.unit);
    const parts = [unit === "%" && row.value !== null ? OBS.fill(meta.percent, { n: value }) : value];
    if (row.lower !== null) parts.push(`[${OBS.interval(row, meta)}]`);
    parts.push(`(${OBS.period(row.period)})`);
    const status = OBS.status(row.status, meta);
    if (status) parts.push(status);
    const cell = OBS.element("span", {}, parts.join(" "));
    if (row.provenance === "synthetic") cell.append(" ", OBS.provenance("synthetic", meta));
    return cell;
  };

  const render = async () => {
    controls();
    const chosen = state.geo.split(",").filter(Boolean);
    const link = OBS.address(state);
    history.replaceState(null, "", link);
    at("permalink").href = link;
    const rows = Object.entries(meta.indicators).flatMap(([id, one]) => data[id].map((mine, place) => {
      const title = OBS.element("a", { href: `indicator/${id}.html#${new URLSearchParams({ geo: state.geo })}` }, one.title);
      const small = OBS.element("small", {}, `${one.unit} · ${one.series[place]}`);
      return {
        cells: [OBS.element("span", {}, title, OBS.element("br"), small), ...chosen.map((geo) => figure(mine[geo], one.unit))],
        synthetic: chosen.some((geo) => mine[geo]?.provenance === "synthetic"), filled: chosen.filter((geo) => mine[geo]).length,
      };
    }));
    const least = Math.min(2, chosen.length);
    const [listed, alone] = [rows.filter((row) => row.filled >= least), rows.filter((row) => row.filled && row.filled < least)];
    OBS.table(at("table"), meta.caption, [text.indicator, ...chosen.map(name)], listed, meta);
    at("alone").textContent = alone.length ? OBS.fill(meta.alone, { n: alone.length }) : "";
    const one = meta.indicators[state.indicator];
    const figures = data[state.indicator][Number(state.series)];
    const items = chosen.filter((geo) => figures[geo]).map((geo) => ({
      row: figures[geo], label: `${name(geo)} (${OBS.period(figures[geo].period)})`, chosen: true, level: meta.labels.geo[geo].level,
    }));
    const known = items.filter(({ row }) => row.value !== null);
    at("picture").setAttribute("aria-label", known.length
      ? `${one.title}, ${one.unit}: ${known.map(({ label, row }) => `${label} ${OBS.value(row.value, meta, row.unit)}`).join("; ")}`
      : text.no_rows);
    at("said").textContent = known.length ? "" : text.no_rows;
    const lines = [one.unit, one.series[Number(state.series)], OBS.fill(meta.cite, { release: meta.release })];
    if (items.some(({ row }) => row.provenance === "synthetic")) lines.push(text.synthetic_note);
    const every = (test) => known.every(({ row }) => test(row.unit));
    const told = { title: one.title, lines, room: true, isCounted: every((unit) => meta.counted.includes(unit)), isClass: every((unit) => unit === meta.classUnit) };
    await OBS.draw(at("chart"), meta.specs.dots, OBS.barData(items, null, meta), told, meta);
  };
  const update = (change) => { state = settle({ ...state, ...change }); return render(); };

  for (const kind of ["png", "svg"]) at(kind).addEventListener("click", () => OBS.picture(`${state.indicator}_${meta.release}.${kind}`, kind));
  const start = () => { state = settle(OBS.read()); return render(); };
  addEventListener("hashchange", start);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; render(); } });
  OBS.load(meta.root, meta.file).then((found) => { data = found; return start(); }, () => { at("said").textContent = text.failed; });
})();
