// Sign-in at the deployment's user pool: authorisation code with PKCE. Tokens stay in this module's memory.

import { Refused } from "./api.js";
import { signIn as at } from "./config.js";

const BEGUN = "review-sign-in"; // what only this tab knows, from leaving the page to coming back
const EARLY_MS = 30_000; // a token is renewed so long before its end

let tokens = null;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

// Leave for the sign-in page.
export async function leave() {
  const begun = { state: random(), verifier: random(), place: location.hash };
  sessionStorage.setItem(BEGUN, JSON.stringify(begun));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(begun.verifier));
  const asked = {
    response_type: "code",
    client_id: at.client,
    redirect_uri: at.page,
    scope: at.scope,
    state: begun.state,
    code_challenge: base64url(digest),
    code_challenge_method: "S256",
  };
  location.assign(`${at.url}/oauth2/authorize?${new URLSearchParams(asked)}`);
}

// Come back with a code, which is used up. False if nobody came back.
export async function arrive() {
  const said = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? "null");
  sessionStorage.removeItem(BEGUN);
  history.replaceState(null, "", `/${begun?.place ?? location.hash}`);
  if (said.has("error")) throw new Refused(401, "The sign-in failed. Open this page again, or ask an administrator.");
  if (!said.has("code") || !begun || said.get("state") !== begun.state) return false;
  await ask({
    grant_type: "authorization_code",
    code: said.get("code"),
    redirect_uri: at.page,
    code_verifier: begun.verifier,
  });
  return true;
}

// The access token, renewed where it is about to end.
export async function token() {
  if (tokens.until - EARLY_MS < Date.now()) await ask({ grant_type: "refresh_token", refresh_token: tokens.refresh });
  return tokens.access;
}

// End the session here and at the user pool.
export async function signOut() {
  const refresh = tokens.refresh;
  tokens = null;
  await send("/oauth2/revoke", { token: refresh }).catch(() => {}); // it ends by itself in some hours
  location.assign(`${at.url}/logout?${new URLSearchParams({ client_id: at.client, logout_uri: at.page })}`);
}

async function ask(fields) {
  const answer = await send("/oauth2/token", fields);
  if (!answer.ok) throw new Refused(401, "Your session has ended: reload the page to sign in again.");
  const said = await answer.json();
  tokens = {
    access: said.access_token,
    refresh: said.refresh_token ?? tokens.refresh,
    until: Date.now() + said.expires_in * 1000,
  };
}

const send = (path, fields) =>
  fetch(at.url + path, {
    method: "POST",
    body: new URLSearchParams({ ...fields, client_id: at.client }),
    credentials: "omit",
    referrerPolicy: "no-referrer",
  }).catch(() => {
    throw new Refused(0, "The sign-in can't be reached: try again.");
  });
