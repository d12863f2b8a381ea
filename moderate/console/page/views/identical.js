// The items of the same bytes in a blurred grid: tried first, confirmed by their number, taken back as one.

import { AGAIN, get, post } from "../api.js";
import { actionOf, nameOf, settings } from "../keys.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Loading, Preview, WAIT, plain, time, useLoaded } from "./parts.js";

const GRACE_MS = 10_200;
const LATER_MS = 5000;

export function Identical({ name }) {
  const path = `/items/${encodeURIComponent(name)}`;
  const [found, error] = useLoaded(() => Promise.all([get(`${path}/identical`), get(path)]), [name]);
  if (!found) return html`<h1>Identical items</h1><${Loading} error=${error} />`;
  const [{ items }, item] = found;
  if (!items.length) return html`<h1>Identical items</h1><p>None of them waits for you. <a href="#/review">Back to the review.</a></p>`;
  return html`<${Grid} items=${items} categories=${(item.policy?.categories ?? []).map((one) => one.name)} />`;
}

function Grid({ items, categories }) {
  const [left, setLeft] = useState([]);
  const [verdict, setVerdict] = useState("safe");
  const [named, setNamed] = useState([]);
  const [note, setNote] = useState("");
  const batch = useBatch();
  const chosen = items.filter((one) => !left.includes(one.item));
  const fixed = batch.phase !== "choosing";
  const body = {
    items: chosen.map((one) => one.item),
    screens: chosen.map((one) => one.screen),
    verdict,
    categories: verdict === "unsafe" ? named : [],
    note,
  };
  const toggle = (list, one) => (list.includes(one) ? list.filter((each) => each !== one) : [...list, one]);
  return html`
    <h1>Items of the same bytes: ${items.length}</h1>
    <ul class="grid">
      ${items.map(
        (one) => html`<li>
          <${Preview} picture=${one.preview} />
          <label><input type="checkbox" disabled=${fixed} checked=${!left.includes(one.item)} onChange=${() => setLeft(toggle(left, one.item))} /> ${plain(one.key)}</label>
          <div>${time(one.uploaded_at)}, ${one.categories.join(", ") || "no category named"}</div>
          ${batch.why[one.item] && html`<p><b>Left alone:</b> ${batch.why[one.item]}</p>`}
        </li>`,
      )}
    </ul>
    <fieldset disabled=${fixed}>
      <legend>Decide on all that are ticked</legend>
      ${["safe", "unsafe"].map(
        (one) => html`<label><input type="radio" name="verdict" checked=${verdict === one} onChange=${() => setVerdict(one)} /> ${one}</label>`,
      )}
      ${verdict === "unsafe" &&
      categories.map(
        (one) => html`<label><input type="checkbox" checked=${named.includes(one)} onChange=${() => setNamed(toggle(named, one))} /> ${one}</label>`,
      )}
      <label class="note">Note <input maxlength="1000" value=${note} onInput=${(event) => setNote(event.target.value)} /></label>
    </fieldset>
    <p role="status" aria-live="polite">${batch.busy ? WAIT : batch.said}</p>
    <p role="alert" class="error">${batch.error}</p>
    <${Step} batch=${batch} body=${body} />
    <p><a href="#/review">Back to the review</a></p>
  `;
}

function Step({ batch, body }) {
  const typed = useRef(null);
  const made = useRef(null);
  useEffect(() => {
    if (batch.phase === "tried") typed.current?.focus();
    if (batch.phase === "decided") made.current?.focus(); // not its button: a held Enter would take it back
  }, [batch.phase]);
  useUndoKey(batch);
  if (batch.phase === "choosing") {
    return html`<p><button type="button" disabled=${batch.busy || !body.items.length} onClick=${() => batch.tryOut(body)}>Try it: nothing is decided yet</button></p>`;
  }
  if (batch.phase === "tried") {
    const decide = (event) => {
      event.preventDefault();
      batch.decide(body, typed.current.value.trim());
    };
    return html`<form class="buttons" onSubmit=${decide}>
      <label>Type ${batch.count} to decide on ${batch.count}: <input ref=${typed} inputmode="numeric" size="4" autocomplete="off" /></label>
      <button disabled=${batch.busy || !batch.count}>Decide: ${body.verdict}</button>
      <button type="button" onClick=${batch.reconsider}>Change it</button>
    </form>`;
  }
  if (batch.phase !== "decided") return null;
  const { on, keys } = settings();
  return html`<p ref=${made} tabindex="-1">
    <button type="button" disabled=${batch.busy} onClick=${batch.undo}>${on && html`<kbd>${nameOf(keys.undo)}</kbd>`} Take all ${batch.count} back</button>
  </p>`;
}

function useUndoKey(batch) {
  const now = useRef(batch);
  now.current = batch;
  useLayoutEffect(() => {
    const down = (event) => {
      const { phase, busy, undo } = now.current;
      if (phase === "decided" && !busy && !event.repeat && actionOf(event, settings()) === "undo") undo();
    };
    addEventListener("keydown", down);
    return () => removeEventListener("keydown", down);
  }, []);
}

// The steps of a batch: choosing → tried → decided → over.
function useBatch() {
  const [state, setState] = useState({ phase: "choosing", count: 0, why: {}, said: "", error: "", busy: false });
  const made = useRef(null);
  const press = useRef(""); // its name, so that however often it is sent, it counts once
  const ending = useRef(0);
  const change = (changed) => setState((before) => ({ ...before, ...changed }));
  const why = (said) => Object.fromEntries(said.left_alone.map((one) => [one.item, one.why]));

  // `refused` is the step to go back to where it was refused.
  async function ask(request, failed, refused = {}) {
    change({ busy: true, error: "" });
    try {
      await request();
    } catch (error) {
      change(error.unanswered ? { error: `${error.message} ${AGAIN}` } : { error: `${failed} ${error.message}`, ...refused });
    }
    change({ busy: false });
  }

  const tryOut = (body) =>
    ask(async () => {
      const said = await post("/batches/try", body);
      press.current = crypto.randomUUID();
      const count = said.items.length;
      const others = said.left_alone.length ? `, and ${said.left_alone.length} would be left alone` : "";
      change({ phase: "tried", count, why: why(said), said: `${count} would be decided ${body.verdict}${others}. Nothing is decided yet.` });
    }, "Nothing was decided.");

  const decide = (body, typed) => {
    if (typed !== String(state.count)) return change({ said: `Nothing was decided: type ${state.count}.` });
    return ask(async () => {
      made.current = await post("/batches", { ...body, confirmed: state.count, press: press.current });
      ending.current = setTimeout(end, GRACE_MS);
      const count = made.current.items.length;
      change({ phase: "decided", count, why: why(made.current), said: `Decided ${body.verdict}: ${count}. It is in force in ten seconds.` });
    }, "Nothing was decided here.", { phase: "choosing", said: "" });
  };

  // Whatever this doesn't end, the sweeper does.
  async function end() {
    const ended = await Promise.allSettled(
      made.current.items.map((one) => post(`/items/${encodeURIComponent(one.item)}/finish`, { pending: one.pending })),
    );
    if (ended.some((one) => one.reason?.unanswered)) return (ending.current = setTimeout(end, LATER_MS));
    const done = ended.filter((one) => one.status === "fulfilled").length;
    const refused = ended.find((one) => one.status === "rejected");
    change({ phase: "over", said: `In force: ${done}.`, error: refused ? `Not in force: ${ended.length - done}. ${refused.reason.message}` : "" });
  }

  const undo = () =>
    ask(async () => {
      const { items } = made.current;
      const body = { items: items.map((one) => one.item), pending: items.map((one) => one.pending) };
      clearTimeout(ending.current); // meanwhile nothing is ended
      const undone = await post("/batches/undo", body).catch((error) => {
        ending.current = setTimeout(end, GRACE_MS);
        throw error;
      });
      await Promise.allSettled(undone.items.map((one) => post(`/items/${encodeURIComponent(one.item)}/free`)));
      change({ phase: undone.left_alone.length ? "over" : "choosing", why: why(undone), said: `Taken back: ${undone.items.length}.` });
    }, "Nothing was taken back.");

  const reconsider = () => change({ phase: "choosing", why: {}, said: "" });
  return { ...state, tryOut, decide, undo, reconsider };
}
