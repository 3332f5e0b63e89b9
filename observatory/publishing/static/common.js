"use strict";
// What every page shares: data files, numbers, words, the address. Drawing is in chart.js.
const OBS = { files: {}, waiting: {} };

OBS.take = (name, packed) => { OBS.files[name] = packed; };

// A data file comes by a script tag: a page opened from a folder may not fetch.
OBS.load = (root, name) => {
  if (OBS.files[name]) return Promise.resolve(OBS.files[name]);
  if (!OBS.waiting[name]) {
    OBS.waiting[name] = new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = `${root}data/${name}`;
      tag.onload = () => (OBS.files[name] ? resolve(OBS.files[name]) : reject(new Error(name)));
      tag.onerror = () => { delete OBS.waiting[name]; reject(new Error(name)); };
      document.head.append(tag);
    });
  }
  return OBS.waiting[name];
};

OBS.meta = () => JSON.parse(document.getElementById("meta").textContent);

OBS.fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

OBS.decimals = (value, isCounted) => {
  const size = Math.abs(Number(value.toFixed(6)));
  if (isCounted && Number.isInteger(size)) return 0;
  return size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : 3;
};

OBS.number = (value, meta, unit) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const [whole, rest] = Math.abs(value).toFixed(OBS.decimals(value, meta.counted.includes(unit))).split(".");
  const shown = whole.replace(/\B(?=(\d{3})+$)/g, meta.group) + (rest ? meta.decimal + rest : "");
  return value < 0 && /[1-9]/.test(shown) ? "\u2212" + shown : shown;
};

OBS.value = (value, meta, unit) => {
  if (value === null) return meta.text.missing;
  if (unit === meta.classUnit && meta.classes[String(value)]) return meta.classes[String(value)];
  return OBS.number(value, meta, unit);
};

OBS.interval = (row, meta) =>
  (row.lower === null || row.upper === null ? "–" : [row.lower, row.upper].map((end) => OBS.number(end, meta, row.unit)).join(" – "));

OBS.status = (letters, meta) =>
  [...letters].filter((letter) => letter !== "A").map((letter) => `${letter} ${meta.statuses[letter] || ""}`.trim()).join(", ");

OBS.period = (text) => text.replace("/", "–");

OBS.span = (period) => { const [first, last] = period.split("/"); return [first, last || first]; };

// Codes sort by their signs; the rules of a language would have to be loaded first.
OBS.byCode = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

OBS.byPeriod = (a, b) => {
  const [x, y] = [OBS.span(a), OBS.span(b)];
  return OBS.byCode(x[1], y[1]) || OBS.byCode(x[0], y[0]);
};

// The address keeps what was chosen, so that it can be sent to somebody.
OBS.read = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

OBS.address = (state) => "#" + new URLSearchParams(Object.entries(state).filter(([, v]) => v !== "" && v !== undefined)).toString();

OBS.element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

OBS.save = (name, content, type) => {
  const made = content instanceof Blob ? content : new Blob([content], { type });
  const address = typeof content === "string" && content.startsWith("data:") ? content : URL.createObjectURL(made);
  const link = OBS.element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
};

// The language links take what was chosen along.
document.addEventListener("DOMContentLoaded", () => {
  for (const link of document.querySelectorAll("a[data-language]")) {
    link.addEventListener("click", () => { link.href = link.href.split("#")[0] + location.hash; });
  }
});
