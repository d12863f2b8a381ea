import { ACTIONS, nameOf, save } from "../keys.js";
import { html, useState } from "../vendor/htm-preact.js";

const shown = (key) => (key === " " ? nameOf(key) : key);

export function Keys({ keys: { on, keys }, setKeys }) {
  const [said, setSaid] = useState("");
  const change = (changed) => {
    save(changed);
    setKeys(changed);
  };
  const remap = (action, field) => {
    const key = field.value;
    if (!key) return; // another one follows
    field.value = shown(keys[action]);
    field.select();
    if (!/^[^0-9]$/u.test(key)) return setSaid("Choose one letter or sign; digits are the categories'.");
    const other = Object.keys(keys).find((each) => each !== action && keys[each] === key.toLowerCase());
    if (other) return setSaid(`${nameOf(key)} is taken: ${ACTIONS[other][1]}.`);
    setSaid(`${nameOf(key)}: ${ACTIONS[action][1]}.`);
    change({ on, keys: { ...keys, [action]: key.toLowerCase() } });
  };
  return html`
    <h1>Keys</h1>
    <p><label><input type="checkbox" checked=${on} onChange=${(event) => change({ on: event.target.checked, keys })} /> Single keys act</label></p>
    <p role="status" aria-live="polite">${said}</p>
    <table>
      <thead><tr><th scope="col">Action</th><th scope="col">Key</th></tr></thead>
      <tbody>
        ${Object.entries(ACTIONS).map(
          ([action, [, text]]) => html`<tr>
            <th scope="row"><label for="key-${action}">${text}</label></th>
            <td><input id="key-${action}" maxlength="1" size="5" autocomplete="off" value=${shown(keys[action])} onClick=${(event) => event.target.select()}
              onInput=${(event) => remap(action, event.target)} onBlur=${(event) => (event.target.value = shown(keys[action]))} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p>Digits 1 to 9 choose categories, and 0 the tenth. Keys are kept in this browser alone.</p>
  `;
}
