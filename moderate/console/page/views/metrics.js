import { get } from "../api.js";
import { html } from "../vendor/htm-preact.js";
import { Loading, time, useLoaded } from "./parts.js";

const percent = (value) => `${(100 * value).toFixed(1)} %`;

function share(one) {
  if (!one || one.value === null) return "unknown";
  return `${percent(one.value)} (${percent(one.low)} to ${percent(one.high)})`;
}

export function Metrics() {
  const [found, error] = useLoaded(() => get("/metrics"), []);
  if (!found) return html`<h1>Metrics</h1><${Loading} error=${error} />`;
  return html`
    <h1>Metrics</h1>
    <p>Uploads from ${time(found.since)} to ${time(found.until)}, with 95 % intervals.</p>
    ${found.estimates
      ? html`<div class="scroll" tabindex="0" role="region" aria-label="Estimates">
          <table>
            <caption>Of all uploads that a sample covers</caption>
            <thead><tr><th scope="col">Category</th><th scope="col">Precision</th><th scope="col">Recall</th><th scope="col">Recall with reviews</th></tr></thead>
            <tbody>
              ${found.estimates.map(
                (one) => html`<tr>
                  <th scope="row">${one.category ?? "(any)"}</th>
                  <td>${share(one.precision)}</td><td>${share(one.recall)}</td><td>${share(one.stopped)}</td>
                </tr>`,
              )}
            </tbody>
          </table>
        </div>`
      : html`<p>No sample was drawn from these uploads, so nothing is estimated: <code>moderate sample</code> draws one.</p>`}
    <h2>What people decided</h2>
    <p>
      Of ${found.reviewed.decided} verdicts, people overturned ${found.reviewed.overturned}. They see what was held, appealed or
      reported, so this says nothing about all other images.
    </p>
    <p>Of ${found.golden.decided} golden items, the machine's verdict on ${found.golden.overturned} is wrong.</p>
  `;
}
