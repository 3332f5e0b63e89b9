"use strict";
// The first page: on to the reader's language, Spanish by default.
(() => {
  const known = ["es", "eu", "en"];
  const wanted = (navigator.languages || []).map((tag) => tag.slice(0, 2)).find((tag) => known.includes(tag)) || "es";
  location.replace(`${wanted}/index.html`);
})();
