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

  // Station names in the reader's language; what has no translation keeps its own name.
  const speak = (language) => {
    const names = data.names[language] || {}, own = data.names[data.own];
    for (const element of document.querySelectorAll(".nm")) {
      const id = element.dataset.s;
      element.textContent = names[id] || own[id] || element.textContent;
      element.lang = names[id] ? language : data.own;
    }
    for (const button of document.querySelectorAll("[data-lang]")) button.setAttribute("aria-pressed", button.dataset.lang === language);
    for (const cell of document.querySelectorAll("th.st")) {
      const id = cell.querySelector(".nm").dataset.s, shown = cell.querySelector(".nm").textContent;
      const alt = cell.querySelector(".alt");
      alt.replaceChildren();
      for (const other of Object.keys(data.names)) {
        const name = data.names[other][id];
        if (!name || name === shown) continue;
        if (alt.childNodes.length) alt.append(" · ");
        const span = document.createElement("span");
        span.lang = other; span.textContent = name; alt.append(span);
      }
    }
    placeLabels();
  };
  for (const button of document.querySelectorAll("[data-lang]")) button.addEventListener("click", () => speak(button.dataset.lang));

  // The map: its viewBox is the view; stations and letters keep their size.
  const map = document.getElementById("mapview");
  let placeLabels = () => {};
  if (map) {
    const whole = map.viewBox.baseVal, home = { x: whole.x, y: whole.y, w: whole.width, h: whole.height };
    let view = { ...home };
    const stops = [...map.querySelectorAll(".stop")].map((group) => ({
      group, text: group.querySelector("text"), at: group.transform.baseVal[0].matrix, end: group.classList.contains("end"),
    })).map((stop) => ({ ...stop, x: stop.at.e, y: stop.at.f }));
    stops.sort((a, b) => b.end - a.end);

    // A narrow screen shows the drawing smaller; letters and dots stay as large as they are.
    const unitsPerPixel = () => Math.max(view.w / map.clientWidth, view.h / map.clientHeight);
    placeLabels = () => {
      const k = unitsPerPixel(), taken = [];
      const free = (box) => taken.every((other) => box.x1 < other.x0 || box.x0 > other.x1 || box.y1 < other.y0 || box.y0 > other.y1);
      for (const { x, y } of stops) taken.push({ x0: x - 5 * k, x1: x + 5 * k, y0: y - 5 * k, y1: y + 5 * k });
      for (const { text, x, y, end } of stops) {
        text.style.visibility = "";
        const size = text.getBBox(), w = size.width * k, h = size.height * k;
        const places = [["start", 9, 4], ["end", -9, 4], ["middle", 0, -10], ["middle", 0, 19], ["start", 8, -8], ["start", 8, 16], ["end", -8, -8], ["end", -8, 16]];
        let found = null;
        for (const [anchor, dx, dy] of places) {
          const x0 = x + dx * k - (anchor === "end" ? w : anchor === "middle" ? w / 2 : 0);
          const box = { x0, x1: x0 + w, y0: y + (dy - 12) * k, y1: y + (dy - 12) * k + h };
          const inside = box.x0 > view.x && box.x1 < view.x + view.w && box.y0 > view.y && box.y1 < view.y + view.h;
          if (free(box) && inside) { found = { anchor, dx, dy, box }; break; }
        }
        if (!found) { text.style.visibility = "hidden"; continue; }
        taken.push(found.box);
        text.setAttribute("text-anchor", found.anchor);
        text.setAttribute("x", found.dx);
        text.setAttribute("y", found.dy);
      }
    };
    const scale = document.querySelector(".scale span");
    const show = () => {
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
    for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") { view = { ...home }; show(); } else zoom(button.dataset.zoom === "in" ? 0.6 : 1.67);
    });
    addEventListener("resize", show);
    show();
  }

  // Notices: a button hides its grade.
  for (const button of document.querySelectorAll("button[data-grade]")) button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", shown);
    for (const row of document.querySelectorAll("tr[data-grade]")) if (row.dataset.grade === button.dataset.grade) row.hidden = !shown;
  });

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
