"use strict";
// Sorting and filtering of the notices, in the page alone.
(() => {
  const form = document.querySelector(".tools");
  if (!form) return;
  form.hidden = false;
  const cards = [...document.querySelectorAll(".cards > details")];
  const box = document.querySelector(".cards");
  const output = form.querySelector("output");
  const choice = name => form.querySelector(`[data-by=${name}]`)?.value ?? "";
  const apply = () => {
    const [severity, file, agency] = ["severity", "file", "agency"].map(choice);
    const words = form.querySelector("[data-find]").value.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      const rows = [...card.querySelectorAll(".samples > li")];
      let kept = 0;
      for (const row of rows) {
        const fits = (!file || row.dataset.file === file) && (!agency || row.dataset.agency === agency)
          && (!words || card.dataset.code.includes(words) || row.textContent.toLowerCase().includes(words));
        row.hidden = !fits;
        kept += fits;
      }
      card.hidden = !((!severity || card.dataset.severity === severity) && kept);
      shown += !card.hidden;
    }
    output.textContent = shown === cards.length ? "" : `${shown} of ${cards.length} kinds`;
    const by = form.querySelector("[data-sort]").value;
    const ordered = [...cards];
    if (by === "total") ordered.sort((a, b) => b.dataset.total - a.dataset.total);
    if (by === "code") ordered.sort((a, b) => (a.dataset.code < b.dataset.code ? -1 : 1));
    box.append(...ordered);
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  const open = () => {
    const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (card?.tagName === "DETAILS") card.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
