// Requests to the API. The session stays in this module's memory: a reload needs another link, or another sign-in.

let session = async () => "";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  // Nobody knows if the request arrived, or if it was done.
  get unanswered() {
    return this.status === 0 || this.status === 503;
  }
}

async function send(method, path, headers, body) {
  let answer, said;
  try {
    answer = await fetch(path, {
      method,
      headers: { ...headers, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    said = await answer.json();
  } catch {
    throw new Refused(0, "The console can't be reached, so nobody knows if this arrived.");
  }
  if (!answer.ok) throw new Refused(answer.status, said.message ?? "This failed.");
  return said;
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
