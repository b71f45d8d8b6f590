import assert from 'node:assert/strict';
import test from 'node:test';
import { withPlayers } from './player.mjs';

test('heartbeats are answered', withPlayers(async (connect) => {
  // The SDK closes its connection when a heartbeat has no answer by the time of the next one: the second is sent if the first had one.
  const heartbeat = 3000;
  const alice = await connect({ heartbeat });
  let pings = 0;
  const enough = new Promise((resolve) => {
    const send = alice.socket.send.bind(alice.socket);
    alice.socket.send = (message, ...rest) => {
      if (message.ping && ++pings === 2) resolve();
      return send(message, ...rest);
    };
  });
  await Promise.race([enough, alice.closed.then(() => assert.fail('The connection ended.'))]);
  await alice.socket.updateStatus('still here');
  assert.equal((await alice.next()).now, 'still here');
}));

test('a follower of 200 users who all change at once misses nothing', withPlayers(async (connect) => {
  const follower = await connect();
  const players = [];
  for (let i = 0; i < 200; i += 20)
    players.push(...(await Promise.all(Array.from({ length: 20 }, () => connect({ appearOnline: true })))));
  const shown = new Map((await follower.follow(...players.map((player) => player.userId))).map((p) => [p.session_id, p.status]));

  await Promise.all(players.flatMap((player) => ['a', 'b', 'c'].map((status) => player.socket.updateStatus(status))));

  while (shown.size < players.length || [...shown.values()].some((status) => status !== 'c')) {
    const { sessionId, before, now } = await follower.next();
    assert.equal(before, shown.get(sessionId));
    shown.set(sessionId, now);
  }
}));
