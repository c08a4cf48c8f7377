"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const rows = [...$("rows").rows];
  const squares = new Map();
  for (const square of document.querySelectorAll("#matrix button.o")) squares.set(+square.dataset.i, square);
  const words = rows.map((row) => row.textContent.toLowerCase());

  // Filter: all words have to occur; of the outcomes, those that are pressed, or any.
  const filter = $("filter"), chips = [...$("chips").children];
  function apply() {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const pressed = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.outcome);
    let shown = 0;
    rows.forEach((row, at) => {
      const fits = (!pressed.length || pressed.includes(row.dataset.outcome)) && wanted.every((w) => words[at].includes(w));
      row.hidden = !fits;
      const square = squares.get(+row.dataset.i);
      if (square) square.classList.toggle("dim", !fits);
      shown += fits;
    });
    const all = shown === rows.length;
    $("shown").textContent = all ? "" : shown + " of " + rows.length + " cases";
    $("none").hidden = shown > 0 || rows.length === 0;
    try {
      const query = new URLSearchParams();
      if (filter.value) query.set("q", filter.value);
      if (pressed.length) query.set("o", pressed.join(","));
      history.replaceState(null, "", "#" + (query.size ? "?" + query : location.hash.slice(1).replace(/^\?.*/, "")));
    } catch { /* a page in a frame may not name itself */ }
  }
  filter.addEventListener("input", apply);
  for (const chip of chips) chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
    apply();
  });
  if (location.hash.startsWith("#?")) {
    const query = new URLSearchParams(location.hash.slice(2));
    filter.value = query.get("q") || "";
    const outcomes = (query.get("o") || "").split(",");
    for (const chip of chips) if (outcomes.includes(chip.dataset.outcome)) chip.setAttribute("aria-pressed", "true");
    apply();
  }

  // The viewer: a case, and the console of its guest with what came during it.
  const viewer = $("viewer"), lines = $("v-lines"), pick = $("v-log"), search = $("v-search");
  let current = null, hits = [], at = -1, opener = null;
  function show(log) {
    lines.textContent = "";
    hits = []; at = -1; $("v-hits").textContent = "";
    const text = JSON.parse($("log-" + log.id).textContent);
    const part = document.createDocumentFragment();
    text.replace(/\n$/, "").split("\n").forEach((line, n) => {
      const div = document.createElement("div");
      div.textContent = line || " ";
      div.dataset.n = n + 1;
      if (n >= log.from && n < log.to) div.className = "in";
      part.append(div);
    });
    lines.append(part);
    if (search.value) find();
  }
  function scrollTo(line) {
    const div = lines.children[line];
    if (div) lines.scrollTop = div.offsetTop - lines.offsetTop - 40;
  }
  function open(index, line) {
    current = data.cases[index];
    if (!current) return;
    opener = document.activeElement;
    $("v-title").textContent = current.case + " on " + current.cell;
    $("v-reason").textContent = current.outcome + (current.reason ? ": " + current.reason : "");
    $("v-results").textContent = current.results;
    $("v-more").hidden = !current.results;
    $("v-commands").textContent = current.replay;
    search.value = "";
    pick.textContent = "";
    current.logs.forEach((log, n) => {
      const option = document.createElement("option");
      option.value = n; option.textContent = log.name;
      pick.append(option);
    });
    pick.hidden = current.logs.length < 2;
    if (!viewer.open) viewer.showModal();
    const first = Math.max(0, current.logs.findIndex((log) => log.to > log.from));
    if (current.logs.length) {
      pick.value = first;
      show(current.logs[first]);
      scrollTo(line === undefined ? current.logs[first].from : line);
    } else {
      lines.textContent = "";
      const none = document.createElement("div");
      none.textContent = current.nolog;
      lines.append(none);
    }
    lines.focus({ preventScroll: true });
  }
  pick.addEventListener("change", () => { const log = current.logs[pick.value]; show(log); scrollTo(log.from); });
  function find() {
    const wanted = search.value.toLowerCase();
    for (const div of hits) div.classList.remove("hit", "at");
    hits = wanted ? [...lines.children].filter((div) => div.textContent.toLowerCase().includes(wanted)) : [];
    for (const div of hits) div.classList.add("hit");
    at = -1;
    if (hits.length) next(1); else $("v-hits").textContent = wanted ? "not found" : "";
  }
  function next(step) {
    if (!hits.length) return;
    if (at >= 0) hits[at].classList.remove("at");
    at = (at + step + hits.length) % hits.length;
    hits[at].classList.add("at");
    lines.scrollTop = hits[at].offsetTop - lines.offsetTop - 80;
    $("v-hits").textContent = at + 1 + " of " + hits.length + " lines";
  }
  search.addEventListener("input", find);
  search.addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); next(e.shiftKey ? -1 : 1); } });
  $("v-next").addEventListener("click", () => next(1));
  $("v-close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("close", () => { if (opener && opener.isConnected) opener.focus(); });
  viewer.addEventListener("click", (e) => { if (e.target === viewer) viewer.close(); });
  document.addEventListener("click", (e) => {
    const from = e.target.closest("#matrix button.o, button.open, #rows tr");
    if (from && !String(getSelection())) open(+from.dataset.i, from.dataset.line === undefined ? undefined : from.dataset.line - 1);
  });

  // Keys: / filters (in the viewer: searches), j and k move through the list, Enter opens.
  function move(step) {
    const shown = rows.filter((row) => !row.hidden);
    if (!shown.length) return;
    const here = shown.indexOf(document.activeElement);
    const to = here < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, here + step));
    shown[to].focus();
    shown[to].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (e.key === "/" && !typing) { e.preventDefault(); (viewer.open ? search : filter).focus(); }
    else if (viewer.open) { if (e.key === "n" && !typing) next(1); else if (e.key === "N" && !typing) next(-1); }
    else if (e.key === "Escape" && e.target === filter) { filter.value = ""; apply(); filter.blur(); }
    else if (e.key === "Enter" && e.target === filter) { e.preventDefault(); move(1); }
    else if (typing) return;
    else if (e.key === "j") { e.preventDefault(); move(1); }
    else if (e.key === "k") { e.preventDefault(); move(-1); }
    else if (e.key === "Enter" && e.target.matches("#rows tr")) { e.preventDefault(); open(+e.target.dataset.i); }
  });
})();
