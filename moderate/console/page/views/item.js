import { get } from "../api.js";
import { html } from "../vendor/htm-preact.js";
import { Captions, Elsewhere, Evidence, Facts, History, Judge, Loading, Policy, Reports, TextRead, Verdict, useLoaded } from "./parts.js";

export function Item({ name }) {
  const [item, error] = useLoaded(() => get(`/items/${encodeURIComponent(name)}`), [name]);
  if (!item) return html`<h1>Item</h1><${Loading} error=${error} />`;
  return html`
    <h1>Item: <${Verdict} said=${item} /></h1>
    ${item.held && html`<p>${item.held_by_you ? "Held by you." : html`<b>Somebody else is at work on it.</b>`}</p>`}
    <${Facts} item=${item} />
    <${Reports} item=${item} />
    <${Judge} judge=${item.judge} />
    <${Evidence} item=${item} />
    <${TextRead} item=${item} />
    <${Captions} item=${item} />
    <${Policy} item=${item} />
    <h2>History</h2>
    <${History} item=${item} />
    <${Elsewhere} item=${item} />
  `;
}
