// Parts that several views show. Whatever comes from the API is a text node or an attribute's value.

import { changes } from "../changes.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

export const WAIT = "Wait: this is being done.";
export const time = (text) => (text ? new Date(text).toLocaleString() : "");

// A text from outside amid our own: what can't be seen, or turns the direction of writing, is shown by its number.
export const plain = (text) =>
  text.replace(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);

const number = (value) => (value === null || value === undefined ? "none" : value.toFixed(2));

const SIGNS = { safe: "✓ safe", unsafe: "✕ unsafe", review: "? review" };

export function Verdict({ said }) {
  if (!said.verdict) return html`<span>no verdict</span>`;
  const named = said.categories?.length ? `: ${said.categories.join(", ")}` : "";
  return html`<span class="verdict ${said.verdict in SIGNS ? said.verdict : ""}"
    >${SIGNS[said.verdict] ?? said.verdict}${named}</span
  >`;
}

// What a view loads: `[data, error]`, both null at first.
export function useLoaded(load, inputs) {
  const [found, setFound] = useState([null, null]);
  useEffect(() => {
    let current = true;
    setFound([null, null]);
    load().then(
      (data) => current && setFound([data, null]),
      (error) => current && setFound([null, error.message]),
    );
    return () => {
      current = false;
    };
  }, inputs);
  return found;
}

export function Loading({ error }) {
  return error ? html`<p role="alert">${error}</p>` : html`<p role="status">Loading.</p>`;
}

export function Preview({ picture }) {
  return html`<div class="preview">
    ${picture ? html`<img src=${picture} alt="Blurred grey preview" />` : html`<span>No preview</span>`}
  </div>`;
}

export function Facts({ item }) {
  const facts = [
    ["File", plain(item.key)],
    ["Uploaded", time(item.uploaded_at)],
    ["Due", time(item.due_at)],
    ["Row of the table", item.row],
    ["Decided by", item.decided_by],
    ["Reason", item.reason],
    ["Failure", item.failure],
    ["Not looked at", item.unseen.length ? item.unseen.join(" ") : "nothing"],
    ["Read smaller", item.shrunk.join(" ")],
  ].filter(([, value]) => value);
  return html`<dl class="facts">
    ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

export function Judge({ judge }) {
  if (!judge) return html`<p>The judge wasn't asked, or said nothing usable.</p>`;
  return html`<p>
    <b>Judge:</b> ${judge.flag ?? "no flag"}${judge.category ? `, ${judge.category}` : ""}.
    ${judge.reason ? html` <q>${judge.reason}</q>` : ""}
  </p>`;
}

export function Evidence({ item }) {
  if (!item.evidence.length) return html`<p>There is no evidence.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Evidence">
    <table class="evidence">
      <caption>Answers, the worst first</caption>
      <thead>
        <tr><th scope="col">Question</th><th scope="col">Answer</th><th scope="col">Score</th>
          <th scope="col">Threshold</th><th scope="col">Distance</th><th scope="col">View</th></tr>
      </thead>
      <tbody>
        ${item.evidence.map(
          (one) => html`<tr class=${one.over ? "over" : one.near ? "near" : ""}>
            <th scope="row">${one.question}</th>
            <td>${one.answer ?? "none"}</td>
            <td>
              <meter min="0" max="1" value=${one.score ?? 0} aria-label="Score"></meter> ${number(one.score)}
              ${one.over ? html` <b>over</b>` : one.near ? html` <b>near</b>` : ""}
            </td>
            <td>${number(one.threshold)}</td>
            <td>${number(one.distance)}</td>
            <td>${one.view}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

// Boxes are left, top, right and bottom, in pixels of what the view shows.
export function TextRead({ item }) {
  if (!item.text.length) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Text">
    <table class="evidence">
      <caption>Text in the picture</caption>
      <thead>
        <tr><th scope="col">Text</th><th scope="col">Read as</th><th scope="col">View</th><th scope="col">Box</th><th scope="col">Confidence</th></tr>
      </thead>
      <tbody>
        ${item.text.map(
          (one) => html`<tr>
            <th scope="row">${plain(one.text)}</th>
            <td>${one.kind}</td>
            <td>${one.view}</td>
            <td class="box">${one.box.join(" ")}</td>
            <td>${number(one.confidence)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const KINDS = { appeal: "Appeal", notice: "Notice", trusted_flagger: "Notice by a trusted flagger" };

export function Reports({ item }) {
  return item.reports.map(
    (one) => html`<section class="report">
      <h2>${KINDS[one.kind] ?? one.kind}, to be answered by ${time(one.due_at)}</h2>
      <blockquote>${one.text}</blockquote>
    </section>`,
  );
}

export function Captions({ item }) {
  return item.captions.map((one) => html`<p><b>Caption (${one.view}):</b> <q>${one.text}</q></p>`);
}

// Words that went and words that came.
function Changes({ before, after }) {
  return changes(before, after).map(([kind, text]) =>
    kind === "gone" ? html`<del>${text}</del> ` : kind === "new" ? html`<ins>${text}</ins> ` : `${text} `,
  );
}

export function Policy({ item }) {
  if (!item.policy) return html`<p>The policy behind this item can't be read.</p>`;
  return html`<details>
    <summary>Policy ${item.policy.name}, as it was then</summary>
    <dl>
      ${item.policy.categories.map(
        (one) => html`<dt>${one.name}</dt>
          <dd>${one.text}</dd>
          ${"now" in one &&
          html`<dd class="changed">
            <b>Now:</b> ${one.now ? html`<${Changes} before=${one.text} after=${one.now} />` : "this category is gone"}
          </dd>`}`,
      )}
    </dl>
  </details>`;
}

export function Elsewhere({ item }) {
  const shadows = Object.entries(item.shadow);
  return html`
    ${shadows.length > 0 &&
    html`<h2>Shadow verdicts, without effect</h2>
      <ul>
        ${shadows.map(([name, said]) => html`<li>${name}: <${Verdict} said=${said} /> ${said.reason}</li>`)}
      </ul>`}
    ${item.same_bytes.length > 0 &&
    html`<h2>The same bytes elsewhere</h2>
      <ul>
        ${item.same_bytes.map(
          (copy) => html`<li>
            <a href="#/item/${copy.item}">Another upload</a>: <${Verdict} said=${copy} />, by ${copy.decided_by}, ${time(copy.decided_at)}
          </li>`,
        )}
      </ul>`}
    ${item.same_bytes_unread > 0 && html`<p>${item.same_bytes_unread} more uploads of the same bytes weren't read.</p>`}
  `;
}

export function History({ item }) {
  if (!item.history.length) return html`<p>Nobody has decided on it before.</p>`;
  return html`<ol class="history">
    ${item.history.map((one) => html`<li>${time(one.at)}: <${Verdict} said=${one} /> by ${one.by}. ${one.reason}</li>`)}
  </ol>`;
}
