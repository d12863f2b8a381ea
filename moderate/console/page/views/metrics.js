import { get } from "../api.js";
import { html } from "../vendor/htm-preact.js";
import { Loading, time, useLoaded } from "./parts.js";

const percent = (value) => `${(100 * value).toFixed(1)} %`;

function share(one) {
  if (!one || one.value === null) return "unknown";
  return `${percent(one.value)} (${percent(one.interval.low)} to ${percent(one.interval.high)})`;
}

const number = (value) => (value === null ? "unknown" : value.toFixed(2));

function Table({ caption, head, rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption>${caption}</caption>
      <thead><tr>${head.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((one) => html`<td>${one}</td>`)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

const ESTIMATED = ["Category", "Precision", "of n", "Recall", "of n", "Recall with reviews"];
const OF_QUESTIONS = ["Pack", "Question", "Decided", "Overturned", "All uploads: overturned", "All uploads: precision", "of n"];

export function Metrics() {
  const [found, error] = useLoaded(() => get("/metrics"), []);
  if (!found) return html`<h1>Metrics</h1><${Loading} error=${error} />`;
  return html`
    <h1>Metrics</h1>
    <p>Uploads from ${time(found.since)} to ${time(found.until)}, with 95 % intervals.</p>
    ${found.estimates
      ? html`<${Table} caption="Of all uploads that a sample covers" head=${ESTIMATED}
          rows=${found.estimates.map((one) => [
            one.category ?? "(any)", share(one.precision), one.named, share(one.recall), one.found, share(one.stopped),
          ])} />`
      : html`<p>No sample was drawn from these uploads, so nothing is estimated: <code>moderate sample</code> draws one.</p>`}
    <h2>What people decided</h2>
    <p>
      Of ${found.reviewed.decided} verdicts, people overturned ${found.reviewed.overturned}. They see what was held, appealed or
      reported, so this says nothing about all other images.
    </p>
    <p>Of ${found.golden.decided} golden items, the machine's verdict on ${found.golden.overturned} is wrong.</p>
    ${found.packs.length > 0 &&
    html`<${Table} caption="Overturned by version of the pack" head=${["Pack", "Digest", "Decided", "Overturned"]}
      rows=${found.packs.map((one) => [one.pack, one.digest.slice(0, 12), one.reviewed.decided, share(one.share)])} />`}
    ${found.categories.length > 0 &&
    html`<${Table} caption="Unsafe verdicts that people confirmed in their category" head=${["Category", "Decided", "Confirmed"]}
      rows=${found.categories.map((one) => [one.category, one.decided, share(one.share)])} />`}
    ${found.questions.length > 0 &&
    html`<${Table} caption="Answers over a threshold, by question" head=${OF_QUESTIONS}
      rows=${found.questions.map((one) => [
        one.pack, one.question, one.reviewed.decided, share(one.share), share(one.overturned), share(one.precision), one.reached,
      ])} />`}
    <h2>People</h2>
    ${found.agreement.length
      ? html`<${Table} caption="Two people who didn't know of each other" head=${["Category", "Items", "Agreed", "Kappa", "Standard error"]}
          rows=${found.agreement.map((one) => [one.category || "(any)", one.items, one.agreed, number(one.kappa), number(one.standard_error)])} />`
      : html`<p>No item has a second opinion yet.</p>`}
    <p>Blind answers on golden items: ${found.golden_answers.right} of ${found.golden_answers.answers} right.</p>
    <p>
      ${found.workload.waiting} wait, ${found.workload.overdue} of them overdue; people decide
      ${" "}${found.workload.decided_a_day.toFixed(1)} a day.
      ${found.workload.days !== null && html` At that rate what waits takes ${found.workload.days.toFixed(1)} days.`}
      ${found.workload.seconds !== null && html` The median of ${found.workload.timed} decisions took ${Math.round(found.workload.seconds)} s.`}
    </p>
    ${found.exposure.hours > 0
      ? html`<${Table} caption="Pictures that people revealed" head=${["Pictures", "In all", "Median of one person's hour", "Most in one person's hour"]}
          rows=${[["all", found.exposure.shown], ["graphic", found.exposure.graphic]].map(([name, one]) => [name, one.total, one.median, one.most])} />`
      : html`<p>Nobody has revealed a picture.</p>`}
  `;
}
