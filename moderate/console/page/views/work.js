// The work on one item at a time: its lease, the decision, and what was decided last.

import { AGAIN, get, post } from "../api.js";
import { useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { plain } from "./parts.js";

const SETTLED_MS = 400; // a key pressed sooner was meant for the item before
const RENEW_MS = 30_000;
const COUNT_MS = 60_000;
const IDLE_MS = 120_000;
const SHOWN_MS = 50_000; // a picture's address lives for a minute
const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel"];
const NOTHING = { item: null, phase: "loading", chosen: [], note: "", reply: "", shown: null, large: false, asked: null, error: "" };

const of = (item) => `/items/${encodeURIComponent(item.item)}`;

// What outlives a visit to another page: what was written on items that nobody decided, the presses of keys of which
// nobody knows what became, by what they decided, and the last decision.
const kept = new Map();
const unanswered = new Map();
let last = null;
let tell = () => {}; // changes what is on the screen

const isLast = (one) => last?.id === one.id;

// Sends a decision by the name of its press, so that however often it is sent, it counts once.
function sent(item, said, seen) {
  const what = JSON.stringify([item.item, said]);
  const press = unanswered.get(what) ?? crypto.randomUUID();
  unanswered.delete(what);
  return post(`${of(item)}/decide`, { ...said, seen, press }).catch((error) => {
    if (error.unanswered) unanswered.set(what, press);
    throw error;
  });
}

function remember(one) {
  last = one;
  tell({ last });
  one.timer = setTimeout(() => end(one), Math.max(0, one.ends - Date.now()) + 200);
}

// Whatever this doesn't end, the sweeper does.
async function end(one) {
  if (one.taken) return;
  try {
    await post(`${of(one.item)}/finish`, { pending: one.id });
    one.ended = true;
    kept.delete(one.item.item);
    if (isLast(one)) tell({ last: { ...one }, said: `In force: ${one.text}.` });
  } catch (error) {
    if (error.unanswered) return setTimeout(() => end(one), 5000);
    if (isLast(one)) tell({ last: (last = null) });
    tell({ error: `Not in force: ${one.text}. ${error.message}` });
  }
}

export function useWork() {
  const [state, setState] = useState({ ...NOTHING, queue: null, said: "", last, busy: false, left: 0 });
  const now = useRef(state);
  const appeared = useRef(0);
  const active = useRef(Date.now());
  const held = useRef(false);
  const pictures = useRef({}); // by what was asked for: the views (reveal), or the upload (original)
  const running = useRef(null);

  const change = (changed) => setState((now.current = { ...now.current, ...changed }));
  const mine = () => Boolean(now.current.item?.held_by_you);

  function show(item, said = "") {
    keep();
    pictures.current = {};
    appeared.current = performance.now();
    change({ ...NOTHING, item, phase: item ? "open" : "empty", said, ...kept.get(item?.item) });
  }

  function keep() {
    const { item, note, reply } = now.current;
    if (item && (note || reply)) kept.set(item.item, { note, reply });
    else if (item) kept.delete(item.item);
  }

  // Runs one request at a time; what was written stays where it fails. `again` tells what to do where nobody knows.
  function once(request, failed, again = "") {
    if (now.current.busy) return Promise.resolve(false);
    change({ busy: true, error: "" });
    running.current = tried(request, failed, again);
    return running.current;
  }

  async function tried(request, failed, again) {
    try {
      await request();
      return true;
    } catch (error) {
      const said = again && error.unanswered ? `${error.message} ${again}` : `${failed} ${error.message}`;
      change({ error: said, ...(now.current.item ? {} : { phase: "error" }) });
      return false;
    } finally {
      change({ busy: false });
    }
  }

  const letGo = () => mine() && post(`${of(now.current.item)}/free`).catch(() => {});

  function leaveScreen(said) {
    show(null, said);
    change({ phase: "loading" });
  }

  const next = (said = "") =>
    once(async () => {
      await letGo();
      leaveScreen(said);
      let found = await post("/next");
      while (!found.item && found.after) found = await post("/next", { after: found.after });
      const name = found.item?.categories.join(", ") || "no category named";
      const arrived = said && found.item ? `${said} Next: ${name}.` : said;
      const lately = now.current; // meanwhile the last decision may have come into force, or been refused
      show(found.item, lately.said === said ? arrived : lately.said);
      change({ error: lately.error });
    }, "No item was taken.");

  // The item as it is now, where its lease was lost or it has changed.
  const takeAgain = () =>
    once(async () => {
      const found = await post(`${of(now.current.item)}/claim`);
      show(found.item, "You hold it again: look at it anew.");
    }, "It can't be taken again.");

  function isMine() {
    if (!mine() && now.current.item) change({ said: "You don't hold this item: take it again, or take the next one." });
    return mine();
  }

  function isSettled() {
    if (performance.now() - appeared.current >= SETTLED_MS) return true;
    change({ said: "That was too soon: look at the item first." });
    return false;
  }

  async function decide(verdict) {
    const { item, chosen, note, reply } = now.current;
    if (!isMine() || !isSettled()) return;
    const categories = verdict === "unsafe" ? chosen : [];
    if (verdict === "unsafe" && !categories.length) return change({ said: "Choose a category first." });
    const named = categories.length ? ` (${categories.join(", ")})` : "";
    const text = `${verdict}${named} on ${plain(item.key)}`;
    const done = await once(async () => {
      const said = { screen: item.screen, verdict, categories, note, ...(reply && { reply }) };
      const made = await sent(item, said, Object.keys(pictures.current).length > 0);
      remember({ item, text, id: made.pending, ends: Date.now() + 1000 * made.ends_in, ended: false });
      leaveScreen(`Decided: ${text}.`);
    }, "Nothing was decided here; your note is kept.", AGAIN);
    if (done) await next(`Decided: ${text}.`);
  }

  async function undo() {
    while (now.current.busy) await running.current; // the decision may be on its way
    const one = last;
    if (!one) return change({ said: "There is nothing to take back." });
    one.taken = true; // before it is asked for: meanwhile it isn't ended
    clearTimeout(one.timer);
    const done = await once(async () => {
      const found = await post(`${of(one.item)}/${one.ended ? "claim" : "undo"}`, one.ended ? {} : { pending: one.id });
      if (now.current.item?.item !== found.item.item) await letGo();
      const stands = one.ended || found.reversal; // somebody else may have ended it
      show(found.item, stands ? "It is in force: deciding again reverses it." : `Taken back: ${one.text}.`);
      change({ last: (last = null) });
    }, "Nothing was taken back.", AGAIN);
    if (done) return;
    one.taken = false;
    if (!one.ended) remember(one);
  }

  async function leave(path, body, said) {
    const { item } = now.current;
    if (!isMine() || !isSettled()) return;
    const done = await once(async () => {
      await post(`${of(item)}/${path}`, body);
      leaveScreen(said);
    }, "Nothing was changed.", AGAIN);
    if (done) await next(said);
  }

  async function free() {
    await letGo();
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

  // Its address may have ended on the way.
  function missed() {
    pictures.current = {};
    change({ shown: null, error: "The picture didn't arrive: ask for it again." });
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

  useLayoutEffect(() => {
    // before a key can be pressed on what is shown
    tell = change;
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
      const { left } = now.current;
      const remains = last && !last.ended ? Math.max(0, Math.ceil((last.ends - Date.now()) / 1000)) : 0;
      if (remains !== left) change({ left: remains });
    }, 500);
    return () => {
      ACTIVITY.forEach((kind) => removeEventListener(kind, wake));
      clearInterval(counting);
      clearInterval(beat);
      clearInterval(tick);
      tell = () => {};
      keep();
      letGo();
    };
  }, []);

  return {
    ...state,
    mine: mine(),
    next,
    takeAgain,
    choose,
    reveal: () => toggle("reveal"),
    original: () => toggle("original"),
    hold,
    missed,
    undo,
    say: (said) => change({ said }),
    setNote: (note) => change({ note }),
    setReply: (reply) => change({ reply }),
    ask: (asked) => change({ asked: asked && isMine() ? asked : null, error: "" }),
    safe: () => decide("safe"),
    unsafe: () => decide("unsafe"),
    skip: () => leave("skip", {}, "Left to others."),
    escalate: () => leave("escalate", {}, "Escalated."),
    park: (until) => leave("park", { until: until.toISOString() }, `Parked until ${until.toLocaleString()}.`),
  };
}
