import { actionOf, nameOf } from "../keys.js";
import { html, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Ask } from "./ask.js";
import { Captions, Elsewhere, Evidence, Facts, History, Judge, Policy, Reports, TextRead, Verdict, time } from "./parts.js";
import { Picture } from "./picture.js";
import { useWork } from "./work.js";

export function Review({ me, keys }) {
  const work = useWork();
  const note = useRef(null);
  const act = useRef(null);
  act.current = (name) => {
    if (/^[0-9]$/.test(name)) return work.choose((Number(name) + 9) % 10); // 0 is the tenth
    if (name === "original" && !me.rights.includes("original")) return work.say("You may see the views alone, not the upload.");
    if (name === "help") return (location.hash = "#/keys");
    if (name === "alike") return work.item?.identical ? (location.hash = `#/identical/${work.item.item}`) : undefined;
    if (name === "note") return note.current?.focus();
    if (name === "park" || name === "escalate") return work.ask(name);
    return work[name]?.();
  };
  useKeys(keys, act, work);
  if (!work.item) return html`<${Nothing} work=${work} keys=${keys} act=${act} />`;
  const { item } = work;
  return html`
    <${Line} queue=${work.queue} />
    <${Said} work=${work} keys=${keys} act=${act} />
    <div class="item">
      <${Picture} work=${work} keys=${keys} me=${me} />
      <div>
        <h1>Review: ${item.categories.join(", ") || "no category named"}</h1>
        <p>${work.mine ? "Held by you." : html`<b>You don't hold it any more:</b> you can only read it.`}</p>
        ${item.verdict !== "review" && html`<p>In force until you decide: <${Verdict} said=${item} /></p>`}
        <${Facts} item=${item} />
        <${Reports} item=${item} />
        <${Judge} judge=${item.judge} />
        <${Evidence} item=${item} />
        <${TextRead} item=${item} />
        <${Captions} item=${item} />
        <${Policy} item=${item} />
        <${Elsewhere} item=${item} />
        <details><summary>History</summary><${History} item=${item} /></details>
      </div>
    </div>
    <${Decision} work=${work} keys=${keys} act=${act} note=${note} />
    <${Ask} work=${work} />
  `;
}

function Nothing({ work, keys, act }) {
  const texts = {
    loading: "Taking the next item.",
    empty: "Nothing waits for you. Look again later: this page doesn't by itself.",
    away: "You were away for two minutes, so the item went back to the queue.",
    error: "There is no item on your screen.",
  };
  return html`
    <h1>Review</h1>
    <${Said} work=${work} keys=${keys} act=${act} />
    <p role="status">${texts[work.phase]}</p>
    ${work.phase !== "loading" && html`<button type="button" onClick=${() => work.next()}>Take the next item</button>`}
  `;
}

function Line({ queue }) {
  if (!queue) return null;
  const waiting = queue.waiting ? `${queue.waiting} or more` : "fewer than 10";
  const late = `${queue.counted_all ? "up to" : "over"} ${queue.overdue} overdue.`;
  return html`<p class="line">
    Waiting: ${waiting}. ${queue.overdue ? html`<b>⚠ ${late}</b>` : "Nothing is overdue."}
    ${queue.next_due_at && ` The next is due after ${time(queue.next_due_at)}.`}
  </p>`;
}

function Said({ work, keys, act }) {
  const { last } = work;
  return html`
    <p role="status" aria-live="polite" class="said">${work.said}</p>
    <p role="alert" class="error">${work.error}</p>
    ${work.item &&
    (work.error || !work.mine) &&
    html`<p class="buttons">
      <button type="button" disabled=${work.busy} onClick=${() => work.takeAgain()}>Take it again</button>
      <button type="button" disabled=${work.busy} onClick=${() => work.next()}>Take the next item</button>
    </p>`}
    ${last &&
    html`<p class="undo">
      <button type="button" onClick=${() => act.current("undo")}>
        ${nameOf(keys.keys.undo)} ${last.ended ? "reverses" : "takes back"}: ${last.text}
      </button>
      ${last.ended ? " (in force)" : html` <span aria-hidden="true">${work.left} s</span>`}
    </p>`}
  `;
}

function Decision({ work, keys, act, note }) {
  const { item } = work;
  const off = !work.mine || work.busy;
  const button = (action, text) =>
    html`<button type="button" disabled=${off} aria-keyshortcuts=${keys.on ? nameOf(keys.keys[action]) : undefined} onClick=${() => act.current(action)}>
      ${keys.on && html`<kbd>${nameOf(keys.keys[action])}</kbd>`} ${text}
    </button>`;
  return html`<section class="decision" aria-label="Decision">
    <fieldset>
      <legend>Categories</legend>
      ${(item.policy?.categories ?? []).map(
        (one, place) => html`<label title=${one.text}>
          <input type="checkbox" checked=${work.chosen.includes(one.name)} disabled=${off} onChange=${() => work.choose(place)} />
          ${keys.on && place < 10 && html`<kbd>${(place + 1) % 10}</kbd>`} ${one.name}
        </label>`,
      )}
    </fieldset>
    <label class="note">Note
      <textarea ref=${note} rows="1" maxlength="1000" value=${work.note} onInput=${(event) => work.setNote(event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && !event.isComposing && event.target.blur()}></textarea>
    </label>
    ${item.reports.length > 0 &&
    html`<label class="note">Reply, without your name
      <textarea rows="1" maxlength="1000" value=${work.reply} onInput=${(event) => work.setReply(event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && !event.isComposing && event.target.blur()}></textarea>
    </label>`}
    <div class="buttons">
      ${button("safe", "Safe")} ${button("unsafe", "Unsafe")} ${button("skip", "Skip")}
      ${button("park", "Park")} ${button("escalate", "Escalate")}
      ${item.identical > 0 && button("alike", `Decide alike on ${item.identical + 1} identical`)}
    </div>
  </section>`;
}

// One press is one action: keys that are held repeat, and are ignored.
function useKeys(keys, act, work) {
  const holding = useRef(work);
  holding.current = work;
  useLayoutEffect(() => {
    let held = ""; // whatever Shift or the layout make of it meanwhile
    const down = (event) => {
      const action = actionOf(event, keys);
      if (!action) return;
      event.preventDefault();
      if (event.repeat) return;
      if (action !== "hold") return act.current(action);
      held = event.code;
      holding.current.hold(true);
    };
    const up = (event) => event.code === held && holding.current.hold(false);
    const gone = () => holding.current.hold(false);
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", gone);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", gone);
    };
  }, [keys]);
}
