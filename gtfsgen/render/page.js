"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* opened from disk */ } };
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

  // Light or dark: what the system says, until the reader says otherwise.
  const root = document.documentElement;
  const setTheme = (theme) => { root.dataset.theme = theme; remember("gtfsgen-theme", theme); };
  if (recall("gtfsgen-theme")) root.dataset.theme = recall("gtfsgen-theme");
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    setTheme(dark ? "light" : "dark");
  });

  // Sentences and names in the reader's language; what has no translation keeps its own.
  const relabel = [];
  let spoken = data.own;
  const base = (code) => code.toLowerCase().split("-")[0];
  const sentences = (language) => data.words[language] || data.words[Object.keys(data.words).find((code) => base(code) === base(language))] || data.words[data.own];
  const namesIn = (language) => data.names[language] || data.names[Object.keys(data.names).find((code) => base(code) === base(language))] || {};
  const speak = (language) => {
    spoken = language;
    root.lang = language;
    const said = sentences(language), names = namesIn(language), own = data.names[data.namesOwn] || {};
    for (const element of document.querySelectorAll("[data-t]")) element.textContent = said[element.dataset.t];
    for (const name of ["aria-label", "title"]) for (const element of document.querySelectorAll(`[data-ta-${name}]`)) element.setAttribute(name, said[element.getAttribute(`data-ta-${name}`)]);
    for (const element of document.querySelectorAll(".nm")) {
      const id = element.dataset.s;
      element.textContent = names[id] || own[id] || element.textContent;
      element.setAttribute("lang", names[id] ? language : data.namesOwn);
    }
    for (const cell of document.querySelectorAll("th.st .alt")) {
      const shown = cell.parentNode.querySelector(".nm");
      if (!shown) continue;
      const id = shown.dataset.s, taken = new Set([shown.textContent]);
      cell.replaceChildren();
      for (const other of Object.keys(data.names)) {
        const name = data.names[other][id];
        if (!name || taken.has(name)) continue;
        taken.add(name);
        if (cell.childNodes.length) cell.append(" · ");
        const span = document.createElement("span");
        span.lang = other; span.textContent = name; cell.append(span);
      }
    }
    for (const again of relabel) again();
    count();
  };
  const choice = document.getElementById("language");
  choice.addEventListener("change", () => { speak(choice.value); remember("gtfsgen-language", choice.value); });

  // The chosen day: what bears the class of a set of days is shown if the day is in the set.
  const off = document.getElementById("off"), kind = document.getElementById("kind"), day = document.getElementById("date");
  const EPOCH = Date.UTC(1900, 0, 1), DAY = 86400000;
  const runs = (number, set) => {
    const bit = number - set[0];
    return bit >= 0 && bit < set[1].length * 4 && (parseInt(set[1][bit >> 2], 16) >> (bit & 3) & 1) === 1;
  };
  const setDay = (number) => {
    const idle = number === null ? [] : Object.keys(data.days).filter((key) => !runs(number, data.days[key]));
    off.textContent = idle.length ? `${idle.map((key) => `.d${key}`).join(",")}{display:none!important}` : "";
    root.dataset.day = number === null ? "all" : number;
    for (const table of document.querySelectorAll(".tt tbody tr.zone td")) table.hidden = false;
    count();
  };
  const count = () => {
    const output = document.getElementById("count");
    if (!output) return;
    const shown = (element) => getComputedStyle(element).display !== "none";
    const trains = [...document.querySelectorAll(".tt thead th[data-trips]:not(.through)")].filter(shown).length + [...document.querySelectorAll(".hours i")].filter(shown).length;
    const [many, one] = data.say.trains;
    output.textContent = document.querySelector(".tt, .hours") && (trains || !document.querySelector(".bands")) ? sentences(spoken)[trains === 1 ? one : many].replace("{n}", trains) : "";
  };
  if (kind) {
    kind.addEventListener("change", () => {
      if (kind.value === "all") { day.value = ""; setDay(null); return; }
      const number = Number(kind.value);
      day.value = new Date(EPOCH + number * DAY).toISOString().slice(0, 10);
      setDay(number);
    });
    day.addEventListener("change", () => {
      const moment = Date.parse(`${day.value}T00:00:00Z`);
      if (Number.isNaN(moment)) { if (data.all) { kind.value = "all"; setDay(null); } return; }
      const number = Math.round((moment - EPOCH) / DAY);
      const same = (other) => Object.values(data.days).every((set) => runs(number, set) === runs(other, set));
      const found = [...kind.options].find((option) => option.value && option.value !== "all" && same(Number(option.value)));
      kind.value = found ? found.value : "";
      setDay(number);
    });
  }
  count();

  // Finding among lines and stations.
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  for (const field of document.querySelectorAll("[data-finds]")) {
    const lists = [...document.querySelectorAll(`[data-find="${field.dataset.finds}"]`)];
    let items = null;
    field.addEventListener("input", () => {
      items = items || lists.flatMap((list) => [...list.children].map((item) => [item, plain(item.textContent)]));
      const wanted = plain(field.value.trim()).split(/\s+/);
      let found = 0;
      for (const [item, text] of items) { item.hidden = !wanted.every((word) => text.includes(word)); found += !item.hidden; }
      for (const list of lists) list.hidden = ![...list.children].some((item) => !item.hidden);
      for (const group of document.querySelectorAll(".group")) group.hidden = [...group.querySelectorAll("ul")].every((list) => list.hidden);
      field.parentNode.querySelector("output").textContent = field.value.trim() ? sentences(spoken)[data.say.found].replace("{n}", found) : "";
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const first = lists.flatMap((list) => [...list.children]).find((item) => !item.hidden);
      first?.querySelector("a")?.click();
      event.preventDefault();
    });
  }
  const unfold = () => { const target = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (target?.tagName === "DETAILS") target.open = true; };
  addEventListener("hashchange", unfold);
  unfold();

  // The map: its viewBox is the view; stations and letters keep their size.
  for (const map of document.querySelectorAll(".mapview")) {
    let placeLabels = () => {};
    const box = map.closest(".mapbox");
    const whole = map.viewBox.baseVal, home = { x: whole.x, y: whole.y, w: whole.width, h: whole.height };
    let view = { ...home };
    const stops = [...map.querySelectorAll(".stop")].map((group) => ({
      group, text: group.querySelector("text"), at: group.transform.baseVal[0].matrix, end: group.classList.contains("end"),
    })).map((stop) => ({ ...stop, x: stop.at.e, y: stop.at.f }));

    // Where lines run, in steps: no name is written over one.
    const ways = [...map.querySelectorAll(".rail")].map((path) => path.getAttribute("d").slice(1).split("L").map((pair) => pair.split(" ").map(Number)));
    const crosses = (b) => {
      for (const way of ways) for (let n = 1; n < way.length; n++) {
        let [x0, y0] = way[n - 1], [x1, y1] = way[n];
        if (Math.max(x0, x1) < b.x0 || Math.min(x0, x1) > b.x1 || Math.max(y0, y1) < b.y0 || Math.min(y0, y1) > b.y1) continue;
        // The part of the piece that lies in the box, by Liang and Barsky.
        let from = 0, to = 1;
        const dx = x1 - x0, dy = y1 - y0;
        for (const [p, q] of [[-dx, x0 - b.x0], [dx, b.x1 - x0], [-dy, y0 - b.y0], [dy, b.y1 - y0]]) {
          if (p === 0) { if (q < 0) to = -1; } else if (p < 0) from = Math.max(from, q / p); else to = Math.min(to, q / p);
        }
        if (from <= to) return true;
      }
      return false;
    };
    // A narrow screen shows the drawing smaller; letters and dots stay as large as they are.
    const unitsPerPixel = () => Math.max(view.w / map.clientWidth, view.h / map.clientHeight);
    const seen = () => { const k = unitsPerPixel(), w = map.clientWidth * k, h = map.clientHeight * k; return { x: view.x + (view.w - w) / 2, y: view.y + (view.h - h) / 2, w, h }; };
    placeLabels = () => {
      if (!map.clientWidth) return;
      const k = unitsPerPixel(), taken = [], frame = seen();
      // Under the buttons and the scale nothing is written.
      taken.push({ x0: frame.x + frame.w - 54 * k, x1: frame.x + frame.w, y0: frame.y, y1: frame.y + 132 * k });
      taken.push({ x0: frame.x + frame.w - 160 * k, x1: frame.x + frame.w, y0: frame.y + frame.h - 34 * k, y1: frame.y + frame.h });
      const free = (box) => taken.every((other) => box.x1 < other.x0 || box.x0 > other.x1 || box.y1 < other.y0 || box.y0 > other.y1);
      // Degrees stand where there is room for them whole.
      for (const text of map.querySelectorAll(".grat text")) {
        const s = text.getBBox(), box = { x0: s.x, x1: s.x + s.width, y0: s.y, y1: s.y + s.height };
        const whole = box.x0 >= frame.x && box.x1 <= frame.x + frame.w && box.y0 >= frame.y && box.y1 <= frame.y + frame.h;
        text.style.visibility = whole && free(box) ? "" : "hidden";
        if (!text.style.visibility) taken.push(box);
      }
      const near = stops.filter(({ x, y }) => x > frame.x && x < frame.x + frame.w && y > frame.y && y < frame.y + frame.h);
      for (const { x, y } of near) taken.push({ x0: x - 5 * k, x1: x + 5 * k, y0: y - 5 * k, y1: y + 5 * k });
      for (const stop of stops) stop.text.style.visibility = "hidden";
      for (const { text, x, y } of near) {
        const size = text.getBBox(), w = (size.width + 2) * k, h = size.height * k;
        const places = [["start", 9, 4], ["end", -9, 4], ["middle", 0, -10], ["middle", 0, 20], ["start", 8, -8], ["start", 8, 17], ["end", -8, -8], ["end", -8, 17], ["middle", 0, -22], ["middle", 0, 32], ["start", 16, 4], ["end", -16, 4]];
        for (const [anchor, dx, dy] of places) {
          const x0 = x + dx * k - (anchor === "end" ? w : anchor === "middle" ? w / 2 : 0);
          const box = { x0, x1: x0 + w, y0: y + (dy - 13) * k, y1: y + (dy - 13) * k + h };
          const inside = box.x0 > frame.x && box.x1 < frame.x + frame.w && box.y0 > frame.y && box.y1 < frame.y + frame.h;
          if (!inside || !free(box) || crosses(box)) continue;
          taken.push(box);
          text.setAttribute("text-anchor", anchor);
          text.setAttribute("x", dx);
          text.setAttribute("y", dy);
          text.style.visibility = "";
          break;
        }
      }
    };
    relabel.push(() => placeLabels());
    const scale = box.querySelector(".scale span");
    const show = () => {
      if (!map.clientWidth) return;
      map.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
      const k = unitsPerPixel();
      map.style.setProperty("--k", k);
      for (const { group, x, y } of stops) group.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
      placeLabels();
      const metresPerPixel = Number(map.dataset.m) * k;
      const most = metresPerPixel * 130, ten = 10 ** Math.floor(Math.log10(most));
      const metres = [5, 2, 1].map((n) => n * ten).find((n) => n <= most) || ten;
      scale.style.width = `${metres / metresPerPixel}px`;
      scale.textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    };
    const zoom = (factor, cx = view.x + view.w / 2, cy = view.y + view.h / 2) => {
      const w = Math.min(home.w, Math.max(home.w / 4000, view.w * factor)), f = w / view.w;
      view = { x: cx - (cx - view.x) * f, y: cy - (cy - view.y) * f, w, h: view.h * f };
      keepIn();
    };
    const keepIn = () => {
      view.x = Math.min(home.x + home.w - view.w / 2, Math.max(home.x - view.w / 2, view.x));
      view.y = Math.min(home.y + home.h - view.h / 2, Math.max(home.y - view.h / 2, view.y));
      if (view.w >= home.w) view = { ...home };
      show();
    };
    const place = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
      return [at.x, at.y];
    };
    map.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 0.8 : 1.25, ...place(event));
    }, { passive: false });
    map.addEventListener("dblclick", (event) => zoom(event.shiftKey ? 2 : 0.5, ...place(event)));
    const fingers = new Map();
    let apart = 0;
    map.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); map.setPointerCapture(event.pointerId); map.classList.add("moving"); apart = 0; });
    map.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [a, b] = [...fingers.values()], now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (apart) zoom(apart / now, ...place({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
        apart = now;
      } else if (view.w < home.w) {
        const per = unitsPerPixel();
        view.x -= (event.clientX - before.clientX) * per;
        view.y -= (event.clientY - before.clientY) * per;
        keepIn();
      }
    });
    for (const kind of ["pointerup", "pointercancel"]) map.addEventListener(kind, (event) => { fingers.delete(event.pointerId); apart = 0; if (!fingers.size) map.classList.remove("moving"); });
    map.addEventListener("keydown", (event) => {
      const step = view.w / 10;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (moves[event.key] && view.w < home.w) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; keepIn(); }
      else if (event.key === "+" || event.key === "=") zoom(0.7);
      else if (event.key === "-") zoom(1.4);
      else if (event.key === "0") { view = { ...home }; show(); }
      else return;
      event.preventDefault();
    });
    for (const button of box.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") { view = { ...home }; show(); } else zoom(button.dataset.zoom === "in" ? 0.6 : 1.67);
    });
    addEventListener("resize", show);
    show();
  }

  const remembered = recall("gtfsgen-language");
  const known = remembered && [...choice.options].find((option) => option.value === remembered);
  if (known && remembered !== data.own) { choice.value = remembered; speak(remembered); }

  // Under `gtfsgen watch` the page asks its own server whether it was drawn anew.
  if (data.reload) {
    let version = null;
    setInterval(async () => {
      try {
        const answer = await (await fetch(data.reload, { cache: "no-store" })).text();
        if (version !== null && answer !== version) location.reload();
        version = answer;
      } catch { /* the server is being restarted */ }
    }, 700);
  }
})();
