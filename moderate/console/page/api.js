// Requests to the API. The session stays in this module's memory: a reload needs another link, or another sign-in.

let session = async () => "";

// What to do where a request is unanswered.
export const AGAIN = "If you do it again, it counts once; what you wrote is kept.";
const UNREACHED = "The console can't be reached, so nobody knows if this arrived.";
// Answers that don't come from our API, which writes sentences, but from what stands before it.
const OTHERS = {
  401: "Your session has ended: open the console anew.",
  403: "Something before the console refused this: tell an operator.",
  429: "Too much is asked of the console at once: try again in a moment.",
};

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  // Nobody knows if the request arrived, or if it was done.
  get unanswered() {
    return this.status === 0 || this.status >= 500;
  }
}

async function send(method, path, headers, body) {
  const answer = await fetch(path, {
    method,
    headers: { ...headers, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
  }).catch(() => {
    throw new Refused(0, UNREACHED);
  });
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, sentence(answer.status, said?.message));
  if (!said) throw new Refused(0, UNREACHED);
  return said;
}

function sentence(status, message) {
  if (/[.:]/.test(message ?? "")) return message; // a sentence
  return OTHERS[status] ?? (status >= 500 ? "The console failed, so nobody knows if this was done." : "This was refused.");
}

export async function enter(token) {
  const made = (await send("POST", "/session", { Authorization: `Bearer ${token}` })).session;
  session = async () => made;
}

// `token` is asked for each request: it renews what is about to end.
export function enterAs(token) {
  session = token;
}

const own = async () => ({ Authorization: `Bearer ${await session()}` });

export const get = async (path) => send("GET", `/api${path}`, await own());
export const post = async (path, body = {}) => send("POST", `/api${path}`, await own(), body);
