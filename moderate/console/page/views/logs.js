// The audit log and the log of policies, which can only be read.

import { get } from "../api.js";
import { html, useState } from "../vendor/htm-preact.js";
import { Loading, time, useLoaded } from "./parts.js";

export function PolicyLog() {
  const [found, error] = useLoaded(() => get("/policy-log"), []);
  if (!found) return html`<h1>Policy log</h1><${Loading} error=${error} />`;
  return html`
    <h1>Policy log</h1>
    <p>
      Versions of the files that decide, the newest first. The command in the last column writes a version to a file, which
      ${" "}<code>moderate policy diff</code> compares with the pack in force.
    </p>
    ${found.changes.length
      ? html`<div class="scroll" tabindex="0" role="region" aria-label="Changes">
          <table>
            <thead><tr>
              <th scope="col">File</th><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th>
              <th scope="col">Why</th><th scope="col">Digest</th><th scope="col">Signed by</th><th scope="col">Version</th>
            </tr></thead>
            <tbody>${found.changes.map((one) => html`<${Change} one=${one} />`)}</tbody>
          </table>
        </div>`
      : html`<p>Nothing was changed: what ships with the code is in force.</p>`}
  `;
}

function Change({ one }) {
  const pack = /^packs\/(.+)\.yaml$/.exec(one.key)?.[1];
  return html`<tr>
    <th scope="row">${one.key}</th>
    <td>${time(one.at)}</td>
    <td>${one.who || "not logged"}</td>
    <td>${one.action}</td>
    <td>${one.why}${one.accepted && html` <b>Accepted:</b> ${one.accepted}`}</td>
    <td><code>${one.digest.slice(0, 12)}</code></td>
    <td>${one.signed_by.join(", ")}</td>
    <td><code>${pack ? `moderate policy pull ${pack} --version ${one.version}` : one.version}</code></td>
  </tr>`;
}

const EVERYTHING = { image: "", person: "" };

export function Audit() {
  const [wanted, setWanted] = useState(EVERYTHING);
  const [before, setBefore] = useState("");
  const [found, error] = useLoaded(() => get(`/audit?${query({ ...wanted, before })}`), [wanted, before]);
  const look = (next) => {
    setBefore("");
    setWanted(next);
  };
  return html`
    <h1>Audit log</h1>
    <${Search} wanted=${wanted} look=${look} />
    ${found ? html`<${Entries} found=${found} wanted=${wanted} look=${look} />` : html`<${Loading} error=${error} />`}
    <p>
      ${found?.older && html`<button type="button" onClick=${() => setBefore(found.older)}>Older</button> `}
      ${before && html`<button type="button" onClick=${() => setBefore("")}>Newest</button>`}
    </p>
  `;
}

const query = (given) =>
  Object.entries(given).filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");

function Search({ wanted, look }) {
  const submit = (event) => {
    event.preventDefault();
    const { image, person } = event.target.elements;
    look({ image: image.value.trim(), person: person.value.trim() });
  };
  return html`<form class="buttons" onSubmit=${submit}>
    <label>Image's id <input name="image" value=${wanted.image} maxlength="64" /></label>
    <label>Pseudonym <input name="person" value=${wanted.person} maxlength="64" /></label>
    <button>Search</button>
    <button type="button" onClick=${() => look(EVERYTHING)}>Everything</button>
  </form>`;
}

function Entries({ found, wanted, look }) {
  return html`
    <${State} checked=${found.checked} />
    ${found.entries.some((one) => one.withheld) &&
    html`<p>You review yourself: of what others did you see who and when, but not on which image.</p>`}
    <p role="status">${found.entries.length} of ${found.read} entries that were read. Times are of this computer.</p>
    ${found.entries.length > 0 &&
    html`<div class="scroll" tabindex="0" role="region" aria-label="Entries">
      <table>
        <thead><tr>
          <th scope="col">When</th><th scope="col">Who</th><th scope="col">Did</th><th scope="col">Image</th><th scope="col">Facts</th>
        </tr></thead>
        <tbody>${found.entries.map((one) => html`<${Entry} key=${one.key} one=${one} wanted=${wanted} look=${look} />`)}</tbody>
      </table>
    </div>`}
  `;
}

function State({ checked }) {
  if (!checked) return html`<p>Nothing has checked the log yet: it is checked each day at 01:00 UTC.</p>`;
  if (checked.broken_since)
    return html`<p role="alert">
      ✕ Broken since ${checked.broken_since}: that is the first day with a fault, which
      ${" "}<code>moderate audit verify --since ${checked.broken_since}</code> names. Last check: ${time(checked.at)}.
    </p>`;
  return html`<p>✓ Whole, as the check of ${time(checked.at)} found over ${checked.entries} entries since ${checked.since}.</p>`;
}

function Entry({ one, wanted, look }) {
  const { event } = one;
  if (!event) return html`<tr><th scope="row">unreadable</th><td colspan="4"><code>${one.key}</code></td></tr>`;
  const facts = Object.entries(event.facts ?? {}).filter(([, value]) => value !== null && value !== "");
  return html`<tr>
    <th scope="row">${time(event.at)}</th>
    <td><button type="button" title="Only this person" onClick=${() => look({ ...wanted, person: event.who })}>${event.who}</button></td>
    <td>${event.action}</td>
    <td>
      ${one.withheld && html`<span title="It may come to you, too, and you are to see it without what others did">withheld</span>`}
      ${event.image &&
      html`<button type="button" title="Only this image" onClick=${() => look({ ...wanted, image: event.image })}>${event.image}</button>`}
    </td>
    <td>${facts.map(([name, value]) => `${name}: ${value}`).join(", ")}</td>
  </tr>`;
}
