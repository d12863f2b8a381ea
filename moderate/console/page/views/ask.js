import { html, useEffect, useRef } from "../vendor/htm-preact.js";
import { WAIT } from "./parts.js";

const HOURS = [
  [1, "an hour"],
  [4, "four hours"],
  [24, "a day"],
  [72, "three days"],
];

const LONGEST_HOURS = 7 * 24;

const inHours = (hours) => new Date(Date.now() + hours * 3_600_000);

// As a field of a date and a time has it, on this computer's clock.
const field = (moment) => new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

// The dialog of what needs a word more: parking and escalation.
export function Ask({ work }) {
  const dialog = useRef(null);
  const until = useRef(null);
  const parkUntil = (event) => {
    event.preventDefault();
    work.park(new Date(until.current.value));
  };
  useEffect(() => {
    if (work.asked && !dialog.current.open) dialog.current.showModal();
    if (!work.asked && dialog.current.open) dialog.current.close();
  }, [work.asked, work.busy]); // Escape twice closes it all the same
  // Escape is a cancel: a close comes late, after the next question was asked. What is being done can't be cancelled.
  const cancelled = (event) => (work.busy ? event.preventDefault() : work.ask(null));
  return html`<dialog ref=${dialog} onCancel=${cancelled} aria-labelledby="asked">
    ${work.asked === "park"
      ? html`<h2 id="asked">Let it wait for</h2>
          ${HOURS.map(([hours, text]) => html`<button type="button" disabled=${work.busy} onClick=${() => work.park(inHours(hours))}>${text}</button>`)}
          <form class="buttons" onSubmit=${parkUntil}>
            <label>or until <input ref=${until} type="datetime-local" required min=${field(inHours(0))} max=${field(inHours(LONGEST_HOURS))} /></label>
            <button disabled=${work.busy}>Park until then</button>
          </form>`
      : html`<h2 id="asked">Escalate as possibly illegal</h2>
          <p>It goes into quarantine: its picture is closed to all but the people whom your organisation has named for it, and nobody reviews it any more. It can't be taken back here.</p>
          <button type="button" disabled=${work.busy} onClick=${() => work.escalate()}>Escalate</button>`}
    <button type="button" disabled=${work.busy} onClick=${() => work.ask(null)}>Cancel</button>
    <p role="status">${work.asked && work.busy ? WAIT : ""}</p>
    ${work.asked && html`<p role="alert" class="error">${work.error}</p>`}
  </dialog>`;
}
