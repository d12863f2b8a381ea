import { enter, enterAs, get } from "./api.js";
import { signIn } from "./config.js";
import { settings } from "./keys.js";
import * as pool from "./sign_in.js";
import { html, render, useEffect, useLayoutEffect, useState } from "./vendor/htm-preact.js";
import { Identical } from "./views/identical.js";
import { Item } from "./views/item.js";
import { Keys } from "./views/keys.js";
import { Audit, PolicyLog } from "./views/logs.js";
import { Metrics } from "./views/metrics.js";
import { Policies } from "./views/policies.js";
import { Review } from "./views/review.js";

// Address → title, right, view. The first one opens.
const PAGES = {
  review: ["Review", "next", Review],
  policies: ["Policies", "read-policies", Policies],
  changes: ["Policy log", "read-policy-log", PolicyLog],
  metrics: ["Metrics", "metrics", Metrics],
  audit: ["Audit", "audit", Audit],
  keys: ["Keys", "", Keys],
};

// Pages of one item, by its link.
const ABOUT_ONE = { item: ["Item", Item], identical: ["Identical items", Identical] };

const placeOf = () => decoded(location.hash).replace(/^#\/?/, "").split("/");

// An address that nobody encoded may hold any character.
function decoded(text) {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function App({ me }) {
  const [place, setPlace] = useState(placeOf());
  const [keys, setKeys] = useState(settings());
  useLayoutEffect(() => {
    // before anybody can go elsewhere
    const moved = () => setPlace(placeOf());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const open = Object.entries(PAGES).filter(([, [, right]]) => !right || me.rights.includes(right));
  const [name, ...rest] = place;
  const [page, [title, , View]] = open.find(([each]) => each === name) ?? open[0];
  const [about, One] = ABOUT_ONE[name] ?? [];
  const shown = One ? html`<${One} name=${rest[0]} me=${me} />` : null;
  useEffect(() => {
    document.title = about ?? title;
  }, [about, title]);
  return html`
    <header>
      <a class="skip-link" href="#/${place.join("/")}" onClick=${toMain}>Skip to the content</a>
      <nav aria-label="Pages">
        ${open.map(
          ([each, [text]]) =>
            html`<a href="#/${each}" aria-current=${each === page && !shown ? "page" : undefined}>${text}</a>`,
        )}
      </nav>
      <span class="who">${me.pseudonym}, ${me.roles.join(", ")}</span>
      ${signIn && html`<button type="button" onClick=${pool.signOut}>Sign out</button>`}
    </header>
    <main id="main" tabindex="-1">
      ${shown ?? html`<${View} me=${me} rest=${rest} keys=${keys} setKeys=${setKeys} />`}
    </main>
  `;
}

function toMain(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function Closed({ why }) {
  return html`<main>
    <h1>Review</h1>
    <p role="alert">${why}</p>
  </main>`;
}

// By the link that `moderate console` printed, which works once.
async function enterByLink() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/#/review");
  if (!token || token.startsWith("/")) {
    throw new Error("This page has no session. Open the newest link that `moderate console` printed.");
  }
  await enter(token);
}

// By the deployment's user pool. False if this page is left for it.
async function enterByPool() {
  if (!(await pool.arrive())) {
    await pool.leave();
    return false;
  }
  enterAs(pool.token);
  return true;
}

async function start() {
  const root = document.getElementById("app");
  const show = (what) => {
    root.replaceChildren();
    render(what, root);
  };
  try {
    if (signIn && !(await enterByPool())) return;
    if (!signIn) await enterByLink();
    const me = await get("/me");
    show(html`<${App} me=${me} />`);
  } catch (error) {
    show(html`<${Closed} why=${error.message} />`);
  }
}

start();
