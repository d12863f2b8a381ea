import { html, useEffect, useRef } from "../vendor/htm-preact.js";

const HOURS = [
  [1, "an hour"],
  [4, "four hours"],
  [24, "a day"],
  [72, "three days"],
];

const inHours = (hours) => new Date(Date.now() + hours * 3_600_000);

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
  }, [work.asked]);
  // Escape is a cancel: a close comes late, after the next question was asked.
  return html`<dialog ref=${dialog} onCancel=${() => work.ask(null)} aria-labelledby="asked">
    ${work.asked === "park"
      ? html`<h2 id="asked">Let it wait for</h2>
          ${HOURS.map(([hours, text]) => html`<button type="button" onClick=${() => work.park(inHours(hours))}>${text}</button>`)}
          <form class="buttons" onSubmit=${parkUntil}>
            <label>or until <input ref=${until} type="datetime-local" required /></label>
            <button>Park until then</button>
          </form>`
      : html`<h2 id="asked">Escalate as possibly illegal</h2>
          <p>It is copied into quarantine, and nobody but leads sees it after that. It can't be taken back here.</p>
          <button type="button" onClick=${() => work.escalate()}>Escalate</button>`}
    <button type="button" onClick=${() => work.ask(null)}>Cancel</button>
  </dialog>`;
}
