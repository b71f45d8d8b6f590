import assert from 'node:assert/strict';
import test from 'node:test';
import { newId, withPlayers } from './player.mjs';

test('a follow answers with the visible presences of the users followed', withPlayers(async (connect) => {
  const [alice, carol, offline, bob] = [await connect(), await connect(), await connect(), await connect()];
  await alice.socket.updateStatus('a');
  await carol.socket.updateStatus('c');
  const presences = await bob.follow(alice.userId, carol.userId, offline.userId, newId(), alice.userId.toUpperCase());
  assert.deepEqual(
    new Map(presences.map((presence) => [presence.user_id, [presence.username, presence.status]])),
    new Map([[alice.userId, [alice.username, 'a']], [carol.userId, [carol.username, 'c']]]),
  );
  assert.equal(presences.length, 2);

  await offline.socket.updateStatus('back');
  const told = await bob.next();
  assert.deepEqual([told.userId, told.before, told.now], [offline.userId, undefined, 'back']);
}));

test('a malformed id is refused and nothing of the request is applied', withPlayers(async (connect) => {
  const [alice, bob] = [await connect(), await connect()];
  await assert.rejects(bob.follow(alice.userId, 'alice'), { code: 3 });
  await alice.socket.updateStatus('unseen');
  // Had the refused request applied, the update would have come before this answer.
  assert.equal((await bob.follow(alice.userId))[0].status, 'unseen');
  assert.equal(bob.hasUnread, false);
}));

test('following again answers with the present state and doubles nothing', withPlayers(async (connect) => {
  const [alice, bob] = [await connect({ appearOnline: true }), await connect()];
  await alice.next();
  await bob.follow(alice.userId);
  assert.equal((await bob.follow(alice.userId))[0].status, '');
  await alice.socket.updateStatus('a');
  await alice.socket.updateStatus('b');
  assert.equal((await bob.next()).now, 'a');
  assert.equal((await bob.next()).now, 'b');
}));

test('unfollowing stops at once', withPlayers(async (connect) => {
  const [alice, bob] = [await connect({ appearOnline: true }), await connect()];
  await alice.next();
  await bob.follow(alice.userId);
  await bob.socket.unfollowUsers([alice.userId]);
  await bob.socket.unfollowUsers([alice.userId, newId()]);
  await alice.socket.updateStatus('unseen');
  assert.equal((await bob.follow(alice.userId))[0].status, 'unseen');
  assert.equal(bob.hasUnread, false);
}));

test('following or unfollowing oneself changes nothing', withPlayers(async (connect) => {
  const alice = await connect({ appearOnline: true });
  assert.deepEqual(await alice.follow(alice.userId), []);
  await alice.socket.unfollowUsers([alice.userId]);
  await alice.socket.updateStatus('a');
  assert.equal((await alice.next()).now, '');
  assert.equal((await alice.next()).now, 'a');
}));

test('what a status server lacks is refused and the connection stays', withPlayers(async (connect) => {
  const alice = await connect();
  await assert.rejects(alice.socket.createMatch(), (error) => [1, 2].includes(error.code));
  await alice.socket.updateStatus('still here');
  assert.equal((await alice.next()).now, 'still here');
}));
