// Requests to the API. The session stays in this module's memory: a reload needs another link.

let session = "";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  // Nobody knows if the request arrived.
  get unanswered() {
    return this.status === 0;
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
  session = (await send("POST", "/session", { Authorization: `Bearer ${token}` })).session;
}

const own = () => ({ Authorization: `Bearer ${session}` });

export const get = (path) => send("GET", `/api${path}`, own());
export const post = (path, body = {}) => send("POST", `/api${path}`, own(), body);
