import { nameOf } from "../keys.js";
import { html, useRef } from "../vendor/htm-preact.js";
import { Preview } from "./parts.js";

const HOLD_MS = 400;
const BUTTONS = { reveal: "the picture", original: "the whole upload, larger" };

// A blurred preview until the picture is asked for: by a key, or by a finger that stays. The mouse alone never shows it.
export function Picture({ work, keys, me }) {
  const timer = useRef(0);
  const isNamed = (view) => work.item.evidence.some((one) => one.view === view && (one.over || one.near));
  const isShown = (what) => Boolean(work.shown) && work.large === (what === "original");
  const buttons = Object.keys(BUTTONS).filter((what) => me.rights.includes(what));
  const touched = (event) => {
    const what = event.target.closest("button")?.dataset.shows ?? "reveal";
    if (event.pointerType === "touch") timer.current = setTimeout(() => work.hold(true, what), HOLD_MS);
  };
  const left = () => {
    clearTimeout(timer.current);
    work.hold(false);
  };
  const pressed = (event, what) => {
    if (event.detail === 0) return work[what]();
    const held = what === "reveal" ? `, or hold ${nameOf(keys.keys.hold)}` : "";
    work.say(`The mouse shows no picture: press ${nameOf(keys.keys[what])}${held}.`);
  };
  return html`<section class="picture ${isShown("original") ? "large" : ""}" aria-label="Picture" onPointerDown=${touched} onPointerUp=${left} onPointerCancel=${left}>
    <div>
      ${work.shown
        ? work.shown.map(
            (one) => html`<figure class=${isNamed(one.view) ? "named" : ""}>
              <img src=${one.url} alt=${work.large ? "The whole upload" : `View ${one.view} of the image`} referrerpolicy="no-referrer" onError=${work.missed} />
              <figcaption>${work.large ? "The whole upload" : one.view}${isNamed(one.view) ? ", which the evidence names" : ""}</figcaption>
            </figure>`,
          )
        : html`<${Preview} picture=${work.item.preview} />`}
    </div>
    ${buttons.map(
      (what) => html`<button type="button" data-shows=${what} aria-pressed=${isShown(what)} onClick=${(event) => pressed(event, what)}>
        ${isShown(what) ? "Hide" : "Show"} ${BUTTONS[what]} ${keys.on && html`<kbd>${nameOf(keys.keys[what])}</kbd>`}
      </button>`,
    )}
  </section>`;
}
