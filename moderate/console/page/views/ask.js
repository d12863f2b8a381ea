import { html, useEffect, useRef } from "../vendor/htm-preact.js";

const HOURS = [
  [1, "an hour"],
  [4, "four hours"],
  [24, "a day"],
  [72, "three days"],
];

// The dialog of what needs a word more: parking and escalation.
export function Ask({ work }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (work.asked && !dialog.current.open) dialog.current.showModal();
    if (!work.asked && dialog.current.open) dialog.current.close();
  }, [work.asked]);
  return html`<dialog ref=${dialog} onClose=${() => work.ask(null)} aria-labelledby="asked">
    ${work.asked === "park"
      ? html`<h2 id="asked">Let it wait for</h2>
          ${HOURS.map(([hours, text]) => html`<button type="button" onClick=${() => work.park(hours)}>${text}</button>`)}`
      : html`<h2 id="asked">Escalate as possibly illegal</h2>
          <p>It is copied into quarantine, and nobody but leads sees it after that. It can't be taken back here.</p>
          <button type="button" onClick=${() => work.escalate()}>Escalate</button>`}
    <button type="button" onClick=${() => work.ask(null)}>Cancel</button>
  </dialog>`;
}
