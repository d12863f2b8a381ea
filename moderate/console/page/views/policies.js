import { get } from "../api.js";
import { html } from "../vendor/htm-preact.js";
import { Loading, useLoaded } from "./parts.js";

export function Policies({ rest }) {
  return rest[0] ? html`<${Pack} name=${rest[0]} />` : html`<${InForce} />`;
}

function InForce() {
  const [found, error] = useLoaded(() => get("/policies"), []);
  if (!found) return html`<h1>Policies</h1><${Loading} error=${error} />`;
  return html`
    <h1>Policies</h1>
    <p>They are changed by <code>moderate policy push</code>, never here.</p>
    <h2>Routes</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Routes">
      <table>
        <thead><tr><th scope="col">Prefix</th><th scope="col">Decides</th><th scope="col">Canary</th><th scope="col">Shadow</th></tr></thead>
        <tbody>
          ${Object.entries(found.routes).map(
            ([prefix, route]) => html`<tr>
              <th scope="row">${prefix || "(every key)"}</th>
              <td>${route.enforce}</td>
              <td>${route.canary?.pack ?? "none"}</td>
              <td>${route.shadow?.join(", ") ?? "none"}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <h2>Packs</h2>
    <ul>
      ${found.packs.map(
        (pack) => html`<li>
          ${pack.fault
            ? html`<b>${pack.name}</b> can't be used: ${pack.fault}`
            : html`<a href="#/policies/${pack.name}">${pack.name}</a> (${pack.digest.slice(0, 12)}): ${pack.description}`}
        </li>`,
      )}
    </ul>
  `;
}

function Pack({ name }) {
  const [pack, error] = useLoaded(() => get(`/policies/${encodeURIComponent(name)}`), [name]);
  if (!pack) return html`<h1>Policy</h1><${Loading} error=${error} />`;
  return html`
    <h1>Policy ${pack.name}</h1>
    <p>${pack.description}</p>
    <p>Digest <code>${pack.digest}</code></p>
    <h2>Categories</h2>
    <dl>
      ${pack.categories.map((one) => html`<dt>${one.name}</dt><dd>${one.description}</dd>`)}
    </dl>
    <h2>Questions</h2>
    <ul>
      ${pack.questions.map((one) => html`<li>${one.text} (${about(one)})</li>`)}
    </ul>
    <h2>Cases</h2>
    ${pack.cases?.length
      ? html`<ul>${pack.cases.map((one) => html`<li>${one.name}: expects ${named(one.expect.verdict, one.expect)}. ${given(one)}</li>`)}</ul>`
      : html`<p>It has no test cases: add some to its file under <code>cases</code>.</p>`}
  `;
}

function about(question) {
  return [
    question.categories?.join(", ") || "informs the judge",
    `threshold ${question.threshold}`,
    question.reads && `reads ${question.reads.join(", ")}`,
    question.words && `words: ${question.words.join(", ")}`,
  ]
    .filter(Boolean)
    .join("; ");
}

const named = (verdict, { category }) => (category ? `${verdict}, ${category}` : verdict);

// The evidence of a case, in sentences.
function given({ caption, text, answers, judge }) {
  const asked = Object.entries(answers).map(([question, answer]) => `${question}: ${answer ?? "none"}.`);
  return [
    caption && `Caption: “${caption}”.`,
    text && `Text: ${text.map((line) => `“${line}”`).join(", ")}.`,
    ...asked,
    `Judge: ${judge ? named(judge.flag, judge) : "as the answers say"}.`,
  ]
    .filter(Boolean)
    .join(" ");
}
