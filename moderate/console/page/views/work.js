// The work on one item at a time: its lease, the decision, and what was decided last.

import { get, post } from "../api.js";
import { useEffect, useRef, useState } from "../vendor/htm-preact.js";

const SETTLED_MS = 400; // a key pressed sooner was meant for the item before
const RENEW_MS = 30_000;
const COUNT_MS = 60_000;
const IDLE_MS = 120_000;
const SHOWN_MS = 50_000; // a picture's address lives for a minute
const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel"];
const NOTHING = { item: null, phase: "loading", chosen: [], note: "", reply: "", shown: null, large: false, asked: null, error: "" };

const of = (item) => `/items/${encodeURIComponent(item.item)}`;

export function useWork() {
  const [state, setState] = useState({ ...NOTHING, queue: null, said: "", last: null, busy: false, left: 0 });
  const now = useRef(state);
  const appeared = useRef(0);
  const active = useRef(Date.now());
  const held = useRef(false);
  const pictures = useRef({}); // by what was asked for: the views (reveal), or the upload (original)
  const running = useRef(null);

  const change = (changed) => setState((now.current = { ...now.current, ...changed }));
  const mine = () => Boolean(now.current.item?.held_by_you);

  function show(item, said = "") {
    pictures.current = {};
    appeared.current = performance.now();
    change({ ...NOTHING, item, phase: item ? "open" : "empty", said, note: item ? (kept.current.get(item.item) ?? "") : "" });
  }
  const kept = useRef(new Map()); // notes of items whose decision was refused

  // Runs one request at a time; what was written stays where it fails.
  function once(request, failed) {
    if (now.current.busy) return Promise.resolve(false);
    change({ busy: true, error: "" });
    running.current = tried(request, failed);
    return running.current;
  }

  async function tried(request, failed) {
    try {
      await request();
      return true;
    } catch (error) {
      const { item, note } = now.current;
      if (item && note) kept.current.set(item.item, note);
      change({ error: `${failed} ${error.message}`, ...(item ? {} : { phase: "error" }) });
      return false;
    } finally {
      change({ busy: false });
    }
  }

  async function takeNext(said) {
    let found = await post("/next");
    while (!found.item && found.after) found = await post("/next", { after: found.after });
    show(found.item, said);
  }

  const next = (said = "") => once(() => takeNext(said), "No item was taken.");

  function isSettled() {
    if (performance.now() - appeared.current >= SETTLED_MS) return true;
    change({ said: "That was too soon: look at the item first." });
    return false;
  }

  async function decide(verdict) {
    const { item, chosen, note, reply } = now.current;
    if (!mine() || !isSettled()) return;
    const categories = verdict === "unsafe" ? chosen : [];
    if (verdict === "unsafe" && !categories.length) return change({ said: "Choose a category first." });
    const named = categories.length ? ` (${categories.join(", ")})` : "";
    const text = `${verdict}${named} on ${item.key}`;
    await once(async () => {
      const body = { screen: item.screen, verdict, categories, note, seen: Object.keys(pictures.current).length > 0, ...(reply && { reply }) };
      const made = await post(`${of(item)}/decide`, body);
      kept.current.delete(item.item);
      remember({ item, text, id: made.pending, ends: Date.now() + 1000 * made.ends_in, ended: false });
      show(null);
      change({ phase: "loading" });
      await takeNext(`Decided: ${text}.`);
    }, "Nothing was decided here; your note is kept.");
  }

  function remember(last) {
    change({ last });
    last.timer = setTimeout(() => end(last), Math.max(0, last.ends - Date.now()) + 200);
  }

  const isLast = (one) => now.current.last?.id === one.id;

  async function end(one) {
    if (one.taken) return;
    try {
      await post(`${of(one.item)}/finish`, { pending: one.id });
      one.ended = true;
      if (isLast(one)) change({ last: { ...one }, said: `In force: ${one.text}.` });
    } catch (error) {
      if (error.unanswered) return setTimeout(() => end(one), 5000);
      if (isLast(one)) change({ last: null });
      change({ error: `Not in force: ${one.text}. ${error.message}` });
    }
  }

  async function undo() {
    await running.current; // the decision may be on its way
    const { last } = now.current;
    if (!last) return change({ said: "There is nothing to take back." });
    last.taken = true; // before it is asked for: meanwhile it isn't ended
    clearTimeout(last.timer);
    const done = await once(async () => {
      const path = last.ended ? "claim" : "undo";
      const found = await post(`${of(last.item)}/${path}`, last.ended ? {} : { pending: last.id });
      if (mine()) await post(`${of(now.current.item)}/free`).catch(() => {});
      show(found.item, last.ended ? "It is in force: deciding again reverses it." : `Taken back: ${last.text}.`);
      change({ last: null });
    }, "Nothing was taken back.");
    if (done) return;
    last.taken = false;
    if (!last.ended) remember(last);
  }

  async function leave(path, body, said) {
    const { item } = now.current;
    if (!mine() || !isSettled()) return false;
    return once(async () => {
      await post(`${of(item)}/${path}`, body);
      show(null);
      change({ phase: "loading" });
      await takeNext(said);
    }, "Nothing was changed.");
  }

  async function free() {
    const { item } = now.current;
    if (mine()) await post(`${of(item)}/free`).catch(() => {});
    show(null);
    change({ phase: "away" });
  }

  async function renew() {
    const { item } = now.current;
    try {
      await post(`${of(item)}/renew`);
    } catch (error) {
      if (error.unanswered || now.current.item !== item) return;
      change({ item: { ...item, held_by_you: false }, error: `${error.message} Your note is kept.` });
    }
  }

  const count = () => get("/queue").then((queue) => change({ queue })).catch(() => {}); // the line is no reason to stop

  async function load(what) {
    const { item } = now.current;
    if (!mine()) return change({ said: "Only whoever holds the item sees its picture." });
    const known = pictures.current[what];
    if (known && Date.now() - known.at < SHOWN_MS) return undefined;
    if (known) known.list = null; // it is noted down once more, or isn't shown
    if (what === "original") change({ said: "The upload is being encoded anew." });
    const done = await once(async () => {
      const found = await post(`${of(item)}/${what}`);
      if (now.current.item === item) pictures.current[what] = { at: Date.now(), list: found.pictures };
    }, "There is no picture.");
    if (what === "original") change({ said: done ? "This is the whole upload." : "" });
    return done;
  }

  const present = (what) => change({ shown: pictures.current[what]?.list ?? null, large: what === "original" });

  async function toggle(what) {
    const { shown, large } = now.current;
    if (shown && large === (what === "original")) return change({ shown: null });
    await load(what);
    present(what);
  }

  async function hold(on, what = "reveal") {
    if (on === held.current) return;
    held.current = on;
    if (!on) return change({ shown: null });
    await load(what);
    if (held.current) present(what);
  }

  function choose(place) {
    const name = now.current.item?.policy?.categories[place]?.name;
    if (!name || !mine()) return;
    const { chosen } = now.current;
    change({ chosen: chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name] });
  }

  useEffect(() => {
    next();
    count();
    const counting = setInterval(count, COUNT_MS);
    const wake = () => {
      active.current = Date.now();
    };
    ACTIVITY.forEach((kind) => addEventListener(kind, wake, { passive: true }));
    const beat = setInterval(() => {
      if (!mine()) return;
      const idle = Date.now() - active.current;
      if (idle >= IDLE_MS) free();
      else if (document.visibilityState === "visible") renew();
    }, RENEW_MS);
    const tick = setInterval(() => {
      const { last, left } = now.current;
      const remains = last && !last.ended ? Math.max(0, Math.ceil((last.ends - Date.now()) / 1000)) : 0;
      if (remains !== left) change({ left: remains });
    }, 500);
    return () => {
      ACTIVITY.forEach((kind) => removeEventListener(kind, wake));
      clearInterval(counting);
      clearInterval(beat);
      clearInterval(tick);
      if (mine()) post(`${of(now.current.item)}/free`).catch(() => {});
    };
  }, []);

  return {
    ...state,
    mine: mine(),
    next,
    choose,
    reveal: () => toggle("reveal"),
    original: () => toggle("original"),
    hold,
    undo,
    say: (said) => change({ said }),
    setNote: (note) => change({ note }),
    setReply: (reply) => change({ reply }),
    ask: (asked) => change({ asked: asked && mine() ? asked : null }),
    safe: () => decide("safe"),
    unsafe: () => decide("unsafe"),
    skip: () => leave("skip", {}, "Left to others."),
    escalate: () => leave("escalate", {}, "Escalated."),
    park: (until) => leave("park", { until: until.toISOString() }, `Parked until ${until.toLocaleString()}.`),
  };
}
