import assert from 'node:assert/strict';
import test from 'node:test';
import { Session } from '@heroiclabs/nakama-js';
import { connect, newClient, newId } from './player.mjs';

test('the same id is the same user, who is created once', async () => {
  for (const authenticate of ['authenticateDevice', 'authenticateCustom']) {
    const [client, id, username, vars] = [newClient(), newId(), `name-${newId()}`, { platform: 'web', build: '7' }];
    const first = await client[authenticate](id, true, username, vars);
    assert.equal(first.created, true);
    assert.equal(first.username, username);
    assert.deepEqual(first.vars, vars);

    const second = await client[authenticate](id);
    assert.equal(Boolean(second.created), false);
    assert.deepEqual([second.user_id, second.username], [first.user_id, username]);
  }
});

test('a refreshed session is the same user with the same vars', async () => {
  const client = newClient();
  const session = await client.authenticateCustom(newId(), true, undefined, { k: 'v' });
  const before = { userId: session.user_id, username: session.username };

  const refreshed = await client.sessionRefresh(session);

  assert.deepEqual({ userId: refreshed.user_id, username: refreshed.username }, before);
  assert.deepEqual(refreshed.vars, { k: 'v' });
});

test('the account tells who one is', async () => {
  const [client, id] = [newClient(), newId()];
  const session = await client.authenticateDevice(id);
  const account = await client.getAccount(session);
  assert.equal(account.user.id, session.user_id);
  assert.equal(account.user.username, session.username);
  assert.deepEqual(account.devices.map((device) => device.id), [id]);
});

test('a user is online while a status is visible', async () => {
  const client = newClient();
  const [visible, hidden] = [await connect({ appearOnline: true }), await connect()];
  await visible.next();
  const online = async () => {
    const { users } = await client.getUsers(visible.session, [visible.userId, hidden.userId]);
    return users.filter((user) => user.online).map((user) => user.id);
  };
  assert.deepEqual(await online(), [visible.userId]);
  await hidden.socket.updateStatus('here');
  await visible.socket.updateStatus();
  assert.deepEqual(await online(), [hidden.userId]);
  visible.disconnect();
  hidden.disconnect();
});

test('after a logout the token opens nothing, and its connection ends', async () => {
  const client = newClient();
  const player = await connect();
  const { token, refresh_token } = player.session;
  await client.sessionLogout(player.session, token, refresh_token);

  await player.closed;
  const session = Session.restore(token, refresh_token);
  await refused(401, 16, () => client.getAccount(session));
  await refused(401, 16, () => client.sessionRefresh(session));
  await assert.rejects(connect({ session }));
});

test('what cannot be granted is refused with its code', async () => {
  const [client, username] = [newClient(), `name-${newId()}`];
  await client.authenticateCustom(newId(), true, username);
  await refused(401, 16, () => newClient('notthekey').authenticateCustom(newId()));
  await refused(400, 3, () => client.authenticateCustom('short'));
  await refused(404, 5, () => client.authenticateCustom(newId(), false));
  await refused(409, 6, () => client.authenticateCustom(newId(), true, username));
});

// The SDK rejects with the response itself.
async function refused(status, code, request) {
  const response = await request().then(
    () => assert.fail('It was granted.'),
    (reason) => reason,
  );
  assert.equal(response.status, status);
  const body = await response.json();
  assert.equal(body.code, code);
  assert.notEqual(body.message, '');
}

test('every username and every var can sign in', async () => {
  const client = newClient();
  const names = ['a>?~', 'Jos\u00e9', '\u{1f600}\u{1f600}\u{1f600}', '\u30d1\u30fc\u30c6\u30a3\u30fc', '/>/?/~', 'what?', '~'];
  for (const name of names) {
    const username = `${newId().slice(0, 8)}${name}`;
    const session = await client.authenticateCustom(newId(), true, username, { [name]: `${name}!` });
    const account = await client.getAccount(session);
    assert.equal(account.user.username, username);
    assert.equal(account.user.id, session.user_id);
    // The SDK reads each byte of UTF-8 as a character.
    if (/^[ -~]*$/.test(name)) {
      assert.equal(session.username, username);
      assert.deepEqual(session.vars, { [name]: `${name}!` });
    }
    const refreshed = await client.sessionRefresh(session);
    assert.equal(refreshed.user_id, account.user.id);
  }
});
