// One connection of the status protocol, held as an SDK would hold it: it signs in, opens /ws, matches replies to requests,
// measures the way there and back, and comes back after a loss with the status and the follows that it had.

const PING_EVERY = 4_000;
const PONG_WITHIN = 10_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
// A follow of this many names stays well below the 64 KiB that one message may have.
const NAMES_PER_REQUEST = 200;

/** Why something was refused, in words for a person. `kind` says what the visitor can do about it. */
export class Refusal extends Error {
  /** @param {'key'|'minting'|'token'|'name'|'unreachable'|'request'|'over'} kind */
  constructor(kind, message, wait = 0) {
    super(message);
    this.kind = kind;
    /** After how many milliseconds the server wants to be asked again at the earliest. */
    this.wait = wait;
  }
}

const TOKEN_REFUSED = 'The server does not accept this token: it has expired, was revoked, or is signed with another key.';

/** Who a session token speaks for. The page reads it only to know itself; checking it is the server's business. */
export function readToken(token) {
  try {
    const part = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(part), c => c.charCodeAt(0));
    const { uid, usn } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof uid === 'string' && typeof usn === 'string') return { user: uid.toLowerCase(), username: usn };
  } catch {
    // Falls through to the one answer for everything that is no token.
  }
  throw new Refusal('token', 'This is not a session token: three parts with dots between them, with a “uid” and a “usn” inside.');
}

/** The custom id of a name: it has at least six bytes, and neither spaces nor control characters. */
export function customId(name) {
  return 'demo:' + name.toWellFormed().replace(/[\s\p{C}%]/gu, encodeURIComponent);
}

async function signIn(root, name, serverKey) {
  const url = new URL('v2/account/authenticate/custom', root);
  url.search = new URLSearchParams({ create: 'true', username: name });
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(serverKey + ':')));
  let response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: 'Basic ' + credentials },
      body: JSON.stringify({ id: customId(name) }),
    });
  } catch {
    throw new Refusal('unreachable', 'The server cannot be reached.');
  }

  const body = await response.json().catch(() => ({}));
  if (response.ok && typeof body.token === 'string') return body.token;
  switch (response.status) {
    case 401:
      throw new Refusal('key', 'The server has another server key than this one. Enter its key, or paste a session token.');
    case 403:
      throw new Refusal('minting', 'This server hands out no tokens of its own. Paste a session token from your application.');
    case 409:
      throw new Refusal('name', 'Somebody else has this name. Pick another one.');
    case 400:
      throw new Refusal('name', body.message ?? 'The server does not take this name.');
    case 404:
      throw new Refusal('minting', 'This server has no sign-in at this address. Paste a session token from your application.');
    default:
      throw new Refusal('unreachable', `The server cannot sign you in now (${response.status}). ${body.message ?? ''}`.trim());
  }
}

/** With `errors=close` a refusal is a close right behind the opening (protocol section A2); null for every other close. */
function refusalOf(code, reason) {
  switch (code) {
    case 4401:
      return new Refusal('token', TOKEN_REFUSED);
    case 4429:
    case 4503: {
      const seconds = Number(/try again in (\d+) s$/.exec(reason)?.[1] ?? 0);
      return new Refusal('unreachable', `The server takes no connection now: ${reason}.`, seconds * 1000);
    }
    default:
      return null;
  }
}

/** Where a server does not tell by a close why it refused a WebSocket, the account endpoint checks the same token and does. */
async function whyRefused(root, token) {
  try {
    const response = await fetch(new URL('v2/account', root), { headers: { Authorization: 'Bearer ' + token } });
    if (response.status === 401)
      return new Refusal('token', TOKEN_REFUSED);
    return new Refusal('unreachable', 'The server is there, but takes no connection now.');
  } catch {
    return new Refusal('unreachable', 'The server cannot be reached.');
  }
}

/** What a close of the server means, and whether coming back makes sense. */
function explainClose(code, reason) {
  switch (code) {
    case 1012: return { text: 'The server restarts and asked to come back.', again: true };
    case 1007: return { text: 'The server could not read a message of this page.', again: true };
    case 1009: return { text: 'The last message was too big for the server.', again: true };
    case 4000: return { text: 'The server heard nothing of this page for too long.', again: true };
    case 4001: return { text: 'The session’s token has expired.', again: true };
    case 4002: return { text: 'The session was ended: its token was revoked.', again: false };
    case 4003: return { text: 'A newer connection of yours has replaced this one.', again: false };
    default: return { text: reason ? `The connection was closed: ${reason}.` : 'The connection was lost.', again: true };
  }
}

export class Client {
  /**
   * @param {URL} root where the server is
   * @param {object} on what to tell: `state(name, detail)` with idle, connecting, open or waiting; `self(identity)`;
   *   `own(presences)`; `snapshot(names, presences)`; `change(event)`; `frame(isOut, text)`; `pulse(ms)`; `fault(refusal)`
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.status = null;
    this.follows = new Set();
    this.isWanted = false;
    this.attempts = 0;
    this.pending = new Map();
    this.nextCid = 1;
    window.addEventListener('online', () => this.retryNow());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Begins: with `{ name, serverKey }` or `{ token }`, and `online` to appear with the empty status at once. */
  connect(login, online) {
    this.login = login;
    this.status = online ? '' : null;
    this.isWanted = true;
    this.attempts = 0;
    return this.#attempt();
  }

  /** Ends for good. */
  disconnect() {
    this.isWanted = false;
    this.#drop(1000);
    this.on.state('idle');
  }

  /** Ends the pause before the next attempt. */
  retryNow() {
    if (!this.retryTimer || !this.isWanted) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.#attempt();
  }

  /** Sets the status; null makes this connection invisible. */
  async setStatus(status) {
    await this.#request({ status_update: status === null ? {} : { status } });
    this.status = status;
  }

  /** Follows people by name, now or as soon as there is a connection. */
  async follow(names) {
    for (const name of names) this.follows.add(name);
    if (this.isOpen) await this.#sendFollow(names);
  }

  /** Ends follows: the names are not followed again after a loss, and the users that are known are dropped at once. */
  async unfollow(names, users) {
    for (const name of names) this.follows.delete(name);
    if (this.isOpen && users.length > 0) await this.#request({ status_unfollow: { user_ids: users } });
  }

  async #attempt() {
    // Whatever an older attempt still waits for must not touch this one.
    const attempt = (this.attempt = {});
    const isFirst = this.attempts === 0;
    this.on.state('connecting', { isFirst });
    let token;
    try {
      token = this.login.token ?? (await signIn(this.root, this.login.name, this.login.serverKey));
      if (attempt !== this.attempt || !this.isWanted) return;
      this.self = readToken(token);
      this.on.self(this.self);
    } catch (refusal) {
      if (attempt === this.attempt && this.isWanted) this.#failed(refusal, isFirst);
      return;
    }

    const url = new URL('ws', this.root);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = new URLSearchParams({ lang: 'en', status: String(this.status === ''), format: 'json', errors: 'close', token });
    const socket = (this.socket = new WebSocket(url));
    let [hasOpened, hasSpoken] = [false, false];
    socket.onopen = () => {
      hasOpened = true;
      this.#opened();
    };
    socket.onmessage = message => {
      // Only a server that says something has taken the connection: a refusal opens it and closes it at once.
      if (!hasSpoken) this.on.state('open');
      hasSpoken = true;
      this.#received(message.data);
    };
    socket.onclose = async close => {
      this.#drop();
      const told = refusalOf(close.code, close.reason);
      if (hasOpened && !told) this.#lost(explainClose(close.code, close.reason));
      else {
        const refusal = told ?? (await whyRefused(this.root, token));
        if (attempt === this.attempt && this.isWanted) this.#failed(refusal, isFirst);
      }
    };
  }

  async #opened() {
    this.#beat();
    try {
      // What one's other connections show already is answered to a follow of oneself (protocol section C2); changes come without it.
      await this.#request({ status_follow: { user_ids: [this.self.user] } }, reply => this.on.own(reply.status?.presences ?? []));
      if (this.follows.size > 0) await this.#sendFollow([...this.follows]);
      if (this.status) await this.#request({ status_update: { status: this.status } });
    } catch (refusal) {
      if (refusal.kind !== 'over') this.on.fault(refusal);
    }
  }

  #failed(refusal, isFirst) {
    // The first attempt answers to the visitor; later ones go on unless trying again cannot help.
    if (isFirst || refusal.kind !== 'unreachable') {
      this.isWanted = false;
      this.on.state('idle');
      this.on.fault(refusal);
    } else {
      this.#pause(refusal.message, refusal.wait);
    }
  }

  #lost(why) {
    if (!this.isWanted) return;
    if (why.again) {
      this.#pause(why.text);
    } else {
      this.isWanted = false;
      this.on.state('idle');
      this.on.fault(new Refusal('over', why.text));
    }
  }

  #pause(why, atLeast = 0) {
    // Half of the pause is chance, so that those who were lost together do not come back together.
    const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.attempts);
    const pause = Math.max(ceiling / 2 + (Math.random() * ceiling) / 2, atLeast);
    this.attempts++;
    this.retryTimer = setTimeout(() => this.retryNow(), pause);
    this.on.state('waiting', { why, until: Date.now() + pause });
  }

  async #sendFollow(names) {
    for (let i = 0; i < names.length; i += NAMES_PER_REQUEST) {
      const some = names.slice(i, i + NAMES_PER_REQUEST);
      // The snapshot is told before anything that comes behind it on the wire is looked at.
      await this.#request({ status_follow: { user_ids: [], usernames: some } }, reply =>
        this.on.snapshot(some, reply.status?.presences ?? []));
    }
  }

  #request(message, onReply) {
    if (!this.isOpen) return Promise.reject(new Refusal('over', 'There is no connection.'));
    const cid = String(this.nextCid++);
    return new Promise((resolve, reject) => {
      this.pending.set(cid, { resolve, reject, onReply });
      this.#send({ cid, ...message });
    });
  }

  #send(envelope) {
    const text = JSON.stringify(envelope);
    this.socket.send(text);
    this.on.frame(true, text);
  }

  #received(text) {
    this.on.frame(false, text);
    const envelope = JSON.parse(text);
    const request = this.pending.get(envelope.cid);
    if (request) {
      this.pending.delete(envelope.cid);
      if (envelope.error) {
        request.reject(new Refusal('request', envelope.error.message || `The server refused this (error ${envelope.error.code ?? 0}).`));
      } else {
        request.onReply?.(envelope);
        request.resolve(envelope);
      }
    } else if (envelope.status_presence_event) {
      const { joins = [], leaves = [] } = envelope.status_presence_event;
      this.on.change({ joins, leaves });
    } else if (envelope.error) {
      this.on.fault(new Refusal('request', envelope.error.message || 'The server reports an error.'));
    } else if (envelope.notifications) {
      const subjects = (envelope.notifications.notifications ?? []).map(n => n.subject).join(', ');
      this.on.fault(new Refusal('request', `A notice of the server: ${subjects}.`));
    }
  }

  async #beat() {
    const socket = this.socket;
    const sent = performance.now();
    const deadline = setTimeout(() => {
      if (this.socket !== socket) return;
      this.#drop(4000);
      this.#lost({ text: 'The server does not answer.', again: true });
    }, PONG_WITHIN);
    try {
      await this.#request({ ping: {} });
      // Only a server that answers counts as found again: one that opens and closes at once is not to be hammered.
      this.attempts = 0;
      this.on.pulse(performance.now() - sent);
      this.beatTimer = setTimeout(() => this.socket === socket && this.#beat(), PING_EVERY);
    } catch {
      // The connection ended; its close says so.
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Forgets the socket and all that waits for it; with a code, closes it too. */
  #drop(code) {
    clearTimeout(this.beatTimer);
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    const { socket } = this;
    this.socket = undefined;
    if (socket && code) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(code);
    }
    for (const { reject } of this.pending.values()) reject(new Refusal('over', 'The connection ended before the answer came.'));
    this.pending.clear();
  }
}
