import { html, useEffect, useRef } from "../vendor/htm-preact.js";

const HOURS = [
  [1, "an hour"],
  [4, "four hours"],
  [24, "a day"],
  [72, "three days"],
];

// The dialog of how long an item waits.
export function Ask({ work }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (work.asked && !dialog.current.open) dialog.current.showModal();
    if (!work.asked && dialog.current.open) dialog.current.close();
  }, [work.asked]);
  return html`<dialog ref=${dialog} onClose=${() => work.ask(false)} aria-labelledby="asked">
    <h2 id="asked">Let it wait for</h2>
    ${HOURS.map(([hours, text]) => html`<button type="button" onClick=${() => work.park(hours)}>${text}</button>`)}
    <button type="button" onClick=${() => work.ask(false)}>Cancel</button>
  </dialog>`;
}
