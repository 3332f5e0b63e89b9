"use strict";
// From rows to a chart: the named data sets of the specifications, drawing, pictures. Choosing rows is in indicator.js.

// A stretch of line ends at a missing figure, at a period that lacks, and before a break (B).
OBS.runs = (rows, periods) => {
  const place = new Map(periods.map((period, index) => [period, index]));
  const runs = [];
  let last = null;
  for (const row of rows) {
    const follows = last && row.value !== null && !row.status.includes("B") && place.get(row.period) === place.get(last.period) + 1;
    if (row.value === null) { last = null; continue; }
    if (!follows) runs.push([]);
    runs[runs.length - 1].push(row);
    last = row;
  }
  return runs;
};

OBS.point = (row, label, meta) => ({
  label, period: OBS.period(row.period), value: row.value, lower: row.lower, upper: row.upper,
  hollow: row.status.includes("U"), provisional: row.status.includes("P"), letters: row.status.replace(/A/g, ""),
  shown: OBS.value(row.value, meta, row.unit), interval: OBS.interval(row, meta), status: OBS.status(row.status, meta),
});

OBS.marks = (rows, meta) => (rows.some((row) => row.provenance === "synthetic") ? [{ word: meta.text.synthetic }] : []);

OBS.seriesData = (groups, periods, meta) => {
  const all = groups.flatMap((g) => g.rows);
  const data = { points: [], segments: [], bands: [], marks: OBS.marks(all, meta), reference: [], isKnown: all.length > 0 };
  for (const { label, rows } of groups) {
    const windows = rows.some((row) => row.period.includes("/"));
    data.points.push(...rows.filter((row) => row.value !== null).map((row) => OBS.point(row, label, meta)));
    if (windows) continue;
    OBS.runs(rows, periods).forEach((run, number) => {
      run.forEach((row, index) => {
        if (row.lower !== null && run.length > 1) {
          data.bands.push({ label, run: `${label} ${number}`, period: OBS.period(row.period), lower: row.lower, upper: row.upper });
        }
        if (index === 0) return;
        const before = run[index - 1];
        data.segments.push({
          label, period: OBS.period(before.period), period2: OBS.period(row.period), value: before.value, value2: row.value,
          provisional: row.status.includes("P"),
        });
      });
    });
  }
  return data;
};

OBS.barData = (items, reference, meta) => ({
  points: items.filter(({ row }) => row.value !== null).map(({ row, label, chosen, level }) => {
    const point = OBS.point(row, label, meta);
    const look = point.hollow ? "hollow" : chosen ? "chosen" : "other";
    const told = point.shown + (point.letters ? ` ${point.letters}` : "") + (row.provenance === "synthetic" ? ` · ${meta.text.synthetic}` : "");
    return { ...point, look, level, told, far: Math.max(row.value, row.upper ?? row.value, 0) };
  }),
  segments: [], bands: [], marks: OBS.marks(items.map(({ row }) => row), meta),
  reference: reference && reference.row.value !== null ? [{ label: reference.label, value: reference.row.value }] : [],
  isKnown: items.length > 0,
});

// Lines of a subtitle no longer than the picture is wide.
OBS.wrap = (text, width) => {
  const most = Math.max(24, Math.floor(width / 6.6));
  const lines = [];
  for (const word of text.split(" ")) {
    const line = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && line.length <= most) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
};

// Room on the right for the figures beside the bars and points.
OBS.room = (spec, width) => {
  const bars = spec.layer.some((layer) => layer.mark.type === "bar");
  const ends = [...spec.datasets.points, ...spec.datasets.reference].flatMap((p) => [p.value, p.lower, p.upper]).filter((v) => Number.isFinite(v));
  if (!ends.length) return;
  let [low, high] = [Math.min(...ends, ...(bars ? [0] : [])), Math.max(...ends, ...(bars ? [0] : []))];
  if (low === high) [low, high] = [low - 1, high + 1];
  const step = high - low;
  const longest = (name, most) => Math.min(most, 16 + 6.6 * Math.max(...spec.datasets.points.map((point) => point[name].length)));
  const part = Math.min(0.6, (longest("told", 240) + 12) / Math.max(120, width - longest("label", width < 560 ? 136 : 276)));
  for (const layer of spec.layer) {
    if (layer.encoding.x?.field) layer.encoding.x.scale = { domain: [bars ? low : low - step * 0.06, high + step * (part / (1 - part))], nice: false, zero: false };
  }
};

// An axis of classes names them all.
OBS.classes = (channel, meta) => {
  const ranks = Object.keys(meta.classes).map(Number);
  channel.scale = { domain: [Math.min(...ranks), Math.max(...ranks)] };
  channel.axis = { ...channel.axis, values: ranks, labelExpr: `(${JSON.stringify(meta.classes)})[datum.value]` };
};

// The engine is large: it comes when the figures and what can be chosen are painted and can be used.
OBS.engine = (root) => {
  OBS.waiting.engine ??= new Promise((resolve, reject) => requestAnimationFrame(() => setTimeout(() => {
    const tag = OBS.element("script", { src: `${root}assets/vega.js` });
    tag.onload = resolve;
    tag.onerror = () => { delete OBS.waiting.engine; reject(new Error("vega.js")); };
    document.head.append(tag);
  })));
  return OBS.waiting.engine;
};

OBS.drawing = 0;

OBS.draw = async (box, specification, data, words, meta) => {
  const turn = ++OBS.drawing;
  OBS.view = null;
  for (const kind of ["png", "svg"]) document.getElementById(kind).disabled = !data.points.length;
  if (!data.points.length) {
    const why = data.isKnown ? meta.text.all_missing : meta.text.no_rows;
    box.replaceChildren(OBS.element("p", { class: "notice quiet" }, OBS.element("strong", {}, why), OBS.element("br"), words.lines.join(" · ")));
    box.parentElement.dataset.drawn = String(turn);
    return;
  }
  const spec = structuredClone(specification);
  const width = box.clientWidth || 600;
  const { isKnown: _, ...sets } = data;
  spec.datasets = sets;
  spec.title.text = OBS.wrap(words.title, width * 0.7);
  spec.title.subtitle = words.lines.flatMap((line) => OBS.wrap(line, width));
  for (const layer of spec.layer) {
    for (const channel of ["x", "y"]) {
      const told = layer.encoding[channel];
      if (told?.type !== "quantitative") continue;
      if (words.unit) told.title = words.unit;
      if (words.isCounted) told.axis = { ...told.axis, tickMinStep: 1, format: ",.0f" };
      if (words.isClass) OBS.classes(told, meta);
    }
  }
  const empty = (layer) => !spec.datasets[layer.data.name].length;
  const bounded = spec.datasets.points.some((point) => point.lower !== null);
  const whisker = (layer) => ["x", "y"].some((channel) => layer.encoding[channel]?.field === "lower");
  spec.layer = spec.layer.filter((layer) => !empty(layer) && (bounded || !whisker(layer)));
  if (words.room) OBS.room(spec, width);
  const labels = [...new Set(spec.datasets.points.map((point) => point.label))];
  for (const layer of spec.layer) {
    for (const channel of ["color", "shape"]) {
      if (layer.encoding[channel]?.field === "label") layer.encoding[channel].scale.domain = labels;
    }
  }
  // windows of years stand side by side, as several places share each of a few positions
  if (!words.room && spec.datasets.points.every((point) => point.period.includes("–"))) {
    for (const layer of spec.layer) {
      if (layer.encoding.x?.field) layer.encoding.xOffset = { field: "label", type: "nominal", sort: labels, scale: { paddingOuter: 0.8 } };
    }
  }
  spec.config.legend.columns = Math.max(1, Math.floor(width / 230));
  for (const layer of spec.layer) {
    if (layer.encoding.y?.axis?.labelLimit) layer.encoding.y.axis.labelLimit = width < 560 ? 120 : 260;
  }
  await OBS.engine(meta.root);
  if (turn !== OBS.drawing) return;
  const made = await vegaEmbed(box, spec, { actions: false, renderer: "svg", logLevel: 1 });
  if (turn !== OBS.drawing) return;
  OBS.view = made.view;
  // the frame around the chart carries the text alternative; the marks would only repeat it
  box.removeAttribute("role");
  box.removeAttribute("aria-label");
  box.setAttribute("aria-hidden", "true");
  box.parentElement.dataset.drawn = String(turn);
};

OBS.picture = async (name, kind) => {
  if (!OBS.view) return;
  if (kind === "png") OBS.save(name, await OBS.view.toImageURL("png", 2));
  else OBS.save(name, await OBS.view.toSVG(), "image/svg+xml");
};

// ``numeric`` are the places of columns of numbers. On a phone the mark stands below the first cell, see site.css.
OBS.table = (box, caption, heads, rows, meta, numeric = []) => {
  const table = OBS.element("table", {}, OBS.element("caption", {}, caption));
  const kind = (index) => (numeric.includes(index) ? "number" : undefined);
  const row = heads.map((head, index) => OBS.element("th", { scope: "col", class: kind(index) }, head));
  table.append(OBS.element("thead", {}, OBS.element("tr", {}, ...row)));
  const body = OBS.element("tbody");
  for (const { cells, synthetic } of rows) {
    const line = OBS.element("tr", { class: synthetic ? "synthetic" : undefined });
    cells.forEach((cell, index) => {
      const mark = synthetic && index === 0 ? meta.text.synthetic : undefined;
      line.append(OBS.element(index ? "td" : "th", { scope: index ? undefined : "row", class: kind(index), "data-mark": mark }, cell));
    });
    body.append(line);
  }
  table.append(body);
  box.replaceChildren(table);
};

OBS.provenance = (provenance, meta) =>
  (provenance === "synthetic" ? OBS.element("strong", { class: "mark" }, meta.text.synthetic) : meta.provenances[provenance] || provenance);
