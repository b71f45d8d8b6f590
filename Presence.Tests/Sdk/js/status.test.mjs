import assert from 'node:assert/strict';
import test from 'node:test';
import { withPlayers } from './player.mjs';

test('who appears online is told so first', withPlayers(async (connect) => {
  const alice = await connect({ appearOnline: true });
  const told = await alice.next();
  assert.deepEqual([told.userId, told.username, told.before, told.now], [alice.userId, alice.username, undefined, '']);
}));

test('who does not appear online is invisible until the first status', withPlayers(async (connect) => {
  const [alice, bob] = [await connect(), await connect()];
  assert.deepEqual(await bob.follow(alice.userId), []);

  await alice.socket.updateStatus('here');

  assert.deepEqual(change(await bob.next()), [undefined, 'here']);
  assert.deepEqual(change(await alice.next()), [undefined, 'here']);
}));

test('an update names the old status and the new one of the same session', withPlayers(async (connect) => {
  const [alice, bob] = [await connect({ appearOnline: true }), await connect()];
  await alice.next();
  const [{ session_id: sessionId }] = await bob.follow(alice.userId);

  await alice.socket.updateStatus('a');
  await alice.socket.updateStatus('b');
  await alice.socket.updateStatus('b');

  for (const [before, now] of [['', 'a'], ['a', 'b'], ['b', 'b']])
    assert.deepEqual(await bob.next(), { userId: alice.userId, sessionId, username: alice.username, before, now });
}));

test('a status arrives as it was set', withPlayers(async (connect) => {
  const [alice, bob] = [await connect(), await connect()];
  await bob.follow(alice.userId);
  for (const status of ['', 'null', JSON.stringify({ game: 'chess', tags: ['a\\b', '"q"'] }), 'tab\tnul\0 ünï😀 </script>&\u2028']) {
    await alice.socket.updateStatus(status);
    assert.equal((await bob.next()).now, status);
    assert.equal((await bob.follow(alice.userId))[0].status, status);
  }
}));

test('a longer status is refused and the old one stays', withPlayers(async (connect) => {
  const [alice, bob] = [await connect(), await connect()];
  const longest = 'é'.repeat(1024);
  await alice.socket.updateStatus(longest);
  assert.equal((await bob.follow(alice.userId))[0].status, longest);

  await assert.rejects(alice.socket.updateStatus(longest + 'x'), { code: 3 });
  await alice.socket.updateStatus('next');

  assert.deepEqual(change(await bob.next()), [longest, 'next']);
}));

test('erasing nothing is acknowledged and told to nobody', withPlayers(async (connect) => {
  const [alice, bob] = [await connect(), await connect()];
  await bob.follow(alice.userId);
  for (const status of [undefined, 'a', undefined, undefined, 'b']) await alice.socket.updateStatus(status);
  assert.deepEqual(change(await bob.next()), [undefined, 'a']);
  assert.deepEqual(change(await bob.next()), ['a', undefined]);
  assert.deepEqual(change(await bob.next()), [undefined, 'b']);
}));

test('each device has its own status, hears of the others, and leaves with its last', withPlayers(async (connect) => {
  const bob = await connect();
  const phone = await connect();
  const desktop = await connect({ session: phone.session });
  await phone.socket.updateStatus('on the phone');
  const onPhone = await desktop.next();
  assert.deepEqual(await phone.next(), onPhone);
  await desktop.socket.updateStatus('at the desk');
  const atDesk = await phone.next();
  assert.notEqual(atDesk.sessionId, onPhone.sessionId);
  const presences = await bob.follow(phone.userId);
  assert.deepEqual(
    new Map(presences.map((presence) => [presence.session_id, presence.status])),
    new Map([[onPhone.sessionId, 'on the phone'], [atDesk.sessionId, 'at the desk']]),
  );

  await phone.socket.updateStatus();
  assert.deepEqual(await bob.next(), { ...onPhone, before: 'on the phone', now: undefined });
  desktop.disconnect();
  assert.deepEqual(await bob.next(), { ...atDesk, before: 'at the desk', now: undefined });
  assert.deepEqual(await bob.follow(phone.userId), []);
}));

function change({ before, now }) {
  return [before, now];
}
