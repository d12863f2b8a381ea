import { html, useEffect, useRef, useState } from "../vendor/htm-preact.js";

const HOURS = [
  [1, "an hour"],
  [4, "four hours"],
  [24, "a day"],
  [72, "three days"],
];

// The dialog of what needs a word more: parking and escalation.
export function Ask({ work }) {
  const dialog = useRef(null);
  const [reason, setReason] = useState("");
  useEffect(() => {
    if (work.asked && !dialog.current.open) dialog.current.showModal();
    if (!work.asked && dialog.current.open) dialog.current.close();
  }, [work.asked]);
  const escalate = (event) => {
    event.preventDefault();
    work.escalate(reason).then((done) => done && setReason(""));
  };
  return html`<dialog ref=${dialog} onClose=${() => work.ask(null)} aria-labelledby="asked">
    ${work.asked === "park"
      ? html`<h2 id="asked">Let it wait for</h2>
          ${HOURS.map(([hours, text]) => html`<button type="button" onClick=${() => work.park(hours)}>${text}</button>`)}`
      : html`<form onSubmit=${escalate}>
          <h2 id="asked">Escalate as possibly illegal</h2>
          <p>Nobody but leads sees it after that. It can't be taken back here.</p>
          <label>Why<textarea required maxlength="1000" rows="3" value=${reason} onInput=${(event) => setReason(event.target.value)}></textarea></label>
          <button>Escalate</button>
        </form>`}
    <button type="button" onClick=${() => work.ask(null)}>Cancel</button>
  </dialog>`;
}
