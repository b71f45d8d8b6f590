// A user of the JavaScript SDK with one connection, and what the connection was told of statuses.
// PRESENCE_URL is the server, PRESENCE_FORMAT is json or protobuf.

import { randomUUID } from 'node:crypto';
import { Client, WebSocketAdapterText } from '@heroiclabs/nakama-js';
import { WebSocketAdapterPb } from '@heroiclabs/nakama-js-protobuf';
import { WebSocket } from 'ws';

// The SDK was made for browsers; Node 18 and 20 have no WebSocket of their own.
globalThis.WebSocket = WebSocket;

// The SDK's timers outlive what they time; an open connection keeps Node running, they need not.
const { setTimeout: startTimer } = globalThis;
globalThis.setTimeout = (...args) => startTimer(...args).unref();

const server = new URL(process.env.PRESENCE_URL);
const patience = 20_000;

export function newClient(serverKey = 'defaultkey') {
  return new Client(serverKey, server.hostname, server.port, server.protocol === 'https:');
}

export function newId() {
  return randomUUID();
}

/** Connects a new user, or another connection of the user of `session`. */
export async function connect({ appearOnline = false, session, heartbeat } = {}) {
  const client = newClient();
  session ??= await client.authenticateCustom(newId());
  const player = new Player(client, session);
  if (heartbeat) player.socket.setHeartbeatTimeoutMs(heartbeat);
  await player.socket.connect(session, appearOnline);
  return player;
}

class Player {
  #unread = [];
  #readers = [];

  constructor(client, session) {
    this.session = session;
    this.userId = session.user_id;
    this.username = session.username;
    const adapter = process.env.PRESENCE_FORMAT === 'protobuf' ? new WebSocketAdapterPb() : new WebSocketAdapterText();
    this.socket = client.createSocket(server.protocol === 'https:', false, adapter);
    this.socket.onstatuspresence = (told) => {
      const reader = this.#readers.shift();
      if (reader) reader(told);
      else this.#unread.push(told);
    };
    this.closed = new Promise((resolve) => (this.socket.ondisconnect = resolve));
  }

  get hasUnread() {
    return this.#unread.length > 0;
  }

  /** The next thing that the connection was told: what one session showed before and what it shows now. */
  async next() {
    const told = this.#unread.shift() ?? (await this.#arrival());
    const [leave, ...leaves] = told.leaves ?? [];
    const [join, ...joins] = told.joins ?? [];
    if (leaves.length || joins.length) throw new Error(`One change expected: ${JSON.stringify(told)}`);
    const { user_id, session_id, username } = join ?? leave;
    return { userId: user_id, sessionId: session_id, username, before: leave?.status, now: join?.status };
  }

  #arrival() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('No status event came.')), patience);
      this.#readers.push((told) => {
        clearTimeout(timer);
        resolve(told);
      });
    });
  }

  /** Follows users and answers with what is to be seen of them. */
  async follow(...userIds) {
    return (await this.socket.followUsers(userIds)).presences;
  }

  disconnect() {
    this.socket.disconnect(false);
  }
}

/** Runs a test with a way to connect whose connections end with it. */
export function withPlayers(test) {
  return async () => {
    const players = [];
    try {
      await test(async (options) => {
        const player = await connect(options);
        players.push(player);
        return player;
      });
    } finally {
      for (const player of players) player.disconnect();
    }
  };
}
