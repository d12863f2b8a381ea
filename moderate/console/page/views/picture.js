import { nameOf } from "../keys.js";
import { html, useRef } from "../vendor/htm-preact.js";
import { Preview } from "./parts.js";

const HOLD_MS = 400;

// A blurred preview until the picture is asked for: by a key, or by a finger that stays. The mouse alone never shows it.
export function Picture({ work, keys }) {
  const timer = useRef(0);
  const isNamed = (view) => work.item.evidence.some((one) => one.view === view && (one.over || one.near));
  const touched = (event) => {
    if (event.pointerType === "touch") timer.current = setTimeout(() => work.hold(true), HOLD_MS);
  };
  const left = () => {
    clearTimeout(timer.current);
    work.hold(false);
  };
  const pressed = (event) => {
    if (event.detail === 0) return work.reveal();
    work.say(`The mouse shows no picture: press ${nameOf(keys.keys.reveal)}, or hold ${nameOf(keys.keys.hold)}.`);
  };
  return html`<section class="picture" aria-label="Picture" onPointerDown=${touched} onPointerUp=${left} onPointerCancel=${left}>
    ${work.shown
      ? work.shown.map(
          (one) => html`<figure class=${isNamed(one.view) ? "named" : ""}>
            <img src=${one.url} alt=${`View ${one.view} of the image`} referrerpolicy="no-referrer" />
            <figcaption>${one.view}${isNamed(one.view) ? ", which the evidence names" : ""}</figcaption>
          </figure>`,
        )
      : html`<${Preview} picture=${work.item.preview} />`}
    <button type="button" aria-pressed=${Boolean(work.shown)} onClick=${pressed}>
      ${work.shown ? "Hide the picture" : "Show the picture"} ${keys.on && html`<kbd>${nameOf(keys.keys.reveal)}</kbd>`}
    </button>
  </section>`;
}
