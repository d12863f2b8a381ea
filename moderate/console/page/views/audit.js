import { get } from "../api.js";
import { html } from "../vendor/htm-preact.js";
import { Loading, time, useLoaded } from "./parts.js";

export function Audit() {
  const [found, error] = useLoaded(() => get("/audit"), []);
  if (!found) return html`<h1>Audit</h1><${Loading} error=${error} />`;
  return html`
    <h1>Audit</h1>
    ${found.entries.length
      ? html`<div class="scroll" tabindex="0" role="region" aria-label="Entries">
          <table>
            <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Image</th></tr></thead>
            <tbody>
              ${found.entries.map(
                (one) => html`<tr><td>${time(one.at)}</td><td>${one.who}</td><td>${one.action}</td><td>${one.image}</td></tr>`,
              )}
            </tbody>
          </table>
        </div>`
      : html`<p>Nobody has done anything in the console today.</p>`}
  `;
}
