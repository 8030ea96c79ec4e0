// What pages do beyond showing themselves: keys, copying, times that go on, parts that refresh, the live tail.
// Everything is complete without it. Markup comes from the server, never from data put together here.

const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
root.classList.add("scripted");

// ---- ids as text, as hexadecimal, or both

const MODES = ["both", "text", "hex"];
function showOctets(mode) {
  root.dataset.octets = mode;
  for (const button of all("[data-octets-switch]")) button.textContent = `ids: ${mode}`;
  try { localStorage.setItem("octets", mode); } catch { /* not kept then */ }
}
function nextOctets() { showOctets(MODES[(MODES.indexOf(root.dataset.octets) + 1) % MODES.length]); }
let kept = null;
try { kept = localStorage.getItem("octets"); } catch { /* none */ }
showOctets(MODES.includes(kept) ? kept : "both");

// ---- copying

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch { // over plain HTTP browsers keep the clipboard to themselves
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const label = button.getAttribute("aria-label");
  button.classList.add("done");
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => { button.classList.remove("done"); button.setAttribute("aria-label", label); }, 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button?.dataset.copy !== undefined) copy(button);
  else if (button?.dataset.octetsSwitch !== undefined) nextOctets();
});

// ---- times

const THIN = "\u202f";
const UNITS = [["d", 86400, "h", 3600], ["h", 3600, "min", 60], ["min", 60, "s", 1]];
function span(seconds) {
  const whole = Math.round(Math.abs(seconds));
  for (const [unit, size, below, smaller] of UNITS) {
    if (whole < size) continue;
    const rest = Math.floor((whole % size) / smaller);
    const first = `${Math.floor(whole / size)}${THIN}${unit}`;
    return rest && whole < 10 * size ? `${first} ${rest}${THIN}${below}` : first;
  }
  return `${whole}${THIN}s`;
}
// the server's clock counts: a page that was just made is "now"
const ahead = Date.now() - Date.parse(one("#stamp")?.dateTime ?? new Date().toISOString());
function tellTimes() {
  for (const time of all("time[data-ago]")) {
    const seconds = (Date.now() - ahead - Date.parse(time.dateTime)) / 1000;
    time.textContent = Math.abs(seconds) < 1 ? "now" : seconds > 0 ? `${span(seconds)} ago` : `in ${span(seconds)}`;
  }
}
setInterval(() => { if (!document.hidden) tellTimes(); }, 10_000);

// ---- parts of the page that are fetched anew

async function fetched(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
function swap(id, page) {
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (!old || !fresh || old.innerHTML === fresh.innerHTML) return;
  const open = all("details", old).map((details) => details.open);
  old.replaceChildren(...fresh.childNodes);
  if (fresh.dataset.refresh) old.dataset.refresh = fresh.dataset.refresh;
  all("details", old).forEach((details, at) => { if (at < open.length) details.open = open[at]; });
}
function stamp(page) {
  const [mine, fresh] = [one("#stamp"), page?.querySelector("#stamp")];
  const state = one("#stamp-state");
  if (!mine || !state) return;
  if (fresh) mine.replaceWith(fresh);
  state.dataset.state = fresh ? "live" : "lost";
  one("#stale").hidden = Boolean(fresh);
}
const wanted = (part) => Number(part.dataset.refresh);
let period = Math.min(...all("[data-refresh]").map(wanted).filter(Boolean), Infinity);
async function refresh() {
  const parts = all("[data-refresh]").filter(wanted);
  if (!parts.length) return;
  let wait = period;
  const busy = parts.some((part) => part.contains(document.activeElement) || part.contains(getSelection().anchorNode) && !getSelection().isCollapsed);
  if (!document.hidden && !busy) {
    parts.forEach((part) => part.setAttribute("aria-busy", "true"));
    try {
      const page = await fetched(location.href);
      parts.forEach((part) => swap(part.id, page));
      stamp(page);
    } catch {
      stamp(null);
      wait = Math.min(period * 4, 30);
    }
    parts.forEach((part) => part.removeAttribute("aria-busy"));
  }
  setTimeout(refresh, wait * 1000);
}
if (period < Infinity) setTimeout(refresh, period * 1000);

// a form that only looks: what it asks for is fetched as soon as something is chosen
document.addEventListener("change", async (event) => {
  const form = event.target.form;
  const section = form?.dataset.atOnce;
  if (!section) return;
  const url = new URL(form.action);
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const name = event.target.name;
  try {
    swap(section, await fetched(url));
    history.replaceState(null, "", url);
    document.getElementById(section).querySelector(`[name="${name}"]`)?.focus();
  } catch { form.submit(); }
});

// ---- the live tail

const rows = one("#live-rows");
const MOST_WAITING = 1000;
const live = { paused: false, waiting: new Set(), timer: 0, fetching: false }; // ids of events without a row
function tellLive(state, text) {
  const line = one("#live-state");
  line.dataset.state = state;
  line.textContent = text;
}
function tellWaiting() {
  const button = one("#live-new");
  const count = live.waiting.size;
  button.hidden = !(live.paused && count);
  button.textContent = `${count < MOST_WAITING ? count : `${MOST_WAITING - 1}+`} new`;
}
async function takeRows() {
  live.timer = 0;
  if (live.paused || live.fetching) return;
  live.fetching = true;
  const query = new URLSearchParams(rows.dataset.live);
  const newest = rows.querySelector("[data-id]:not([data-id=''])")?.dataset.id;
  if (newest) query.set("behind", newest);
  const before = [...live.waiting];
  try {
    const answer = await fetch(`/live/rows?${query}`, { redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(`<table><tbody>${await answer.text()}</tbody></table>`, "text/html");
    const fresh = all("tr", page);
    fresh.forEach((row) => row.classList.add("new"));
    rows.prepend(...fresh);
    all("tr", rows).slice(Number(rows.dataset.most)).forEach((row) => row.remove());
    if (fresh.length) one("#live-empty")?.remove();
  } catch { tellLive("lost", "no answer: reload the page"); }
  live.fetching = false;
  for (const id of before) live.waiting.delete(id);
  for (const row of all("[data-id]", rows)) live.waiting.delete(row.dataset.id); // came while the rows were fetched
  if (live.waiting.size) soon();
  tellWaiting();
}
function soon() { if (!live.timer) live.timer = setTimeout(takeRows, 250); }
function pause(paused) {
  live.paused = paused;
  const button = one("#live-pause");
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? "Go on" : "Pause";
  if (source.readyState === EventSource.OPEN) tellLive(paused ? "paused" : "live", paused ? "paused" : "live");
  if (!paused) soon();
  tellWaiting();
}
let source = null;
if (rows) {
  source = new EventSource(`/v1/events?${rows.dataset.live}`);
  const arrived = (event) => {
    const id = event.lastEventId;
    if (live.waiting.size >= MOST_WAITING || rows.querySelector(`[data-id="${CSS.escape(id)}"]`)) return;
    live.waiting.add(id);
    if (live.paused) tellWaiting();
    else soon();
  };
  source.addEventListener("request", arrived);
  source.addEventListener("gap", () => { if (!live.paused) soon(); }); // more came than could be told one by one
  source.addEventListener("open", () => {
    tellLive(live.paused ? "paused" : "live", live.paused ? "paused" : "live");
    soon();
  });
  source.addEventListener("error", () => tellLive("lost", source.readyState === EventSource.CLOSED
    ? "ended: reload the page" : "connection lost, trying again …"));
  one("#live-pause").addEventListener("click", () => pause(!live.paused));
  one("#live-new").addEventListener("click", () => pause(false));
  addEventListener("pagehide", () => source.close());
}

// ---- keys

const PLACES = { o: "/", l: "/live", b: "/bngs", f: "/findings", u: "/upstreams" };
let going = false;
function choose(step) {
  const list = all("[data-row]").filter((row) => row.getClientRects().length);
  if (!list.length) return;
  const at = list.findIndex((row) => row.classList.contains("chosen"));
  list[at]?.classList.remove("chosen");
  const row = list[Math.min(Math.max(at + step, 0), list.length - 1)];
  row.classList.add("chosen");
  const link = row.querySelector("[data-open]") ?? row.querySelector("a");
  if (link) link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
  if (event.key === "Escape") {
    if (typing) typing.blur();
    return;
  }
  if (typing) return;
  if (going) {
    going = false;
    if (PLACES[event.key]) location.assign(PLACES[event.key]);
    return;
  }
  const keys = {
    "/": () => { const box = one("#q"); box?.focus(); box?.select(); },
    "?": () => { const dialog = one("#keys"); if (dialog.open) dialog.close(); else dialog.showModal(); },
    j: () => choose(1),
    k: () => choose(-1),
    x: nextOctets,
    p: () => { if (rows) pause(!live.paused); },
    g: () => { going = true; setTimeout(() => { going = false; }, 1500); },
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
