import assert from 'node:assert/strict';
import test from 'node:test';
import { withPlayers } from './player.mjs';

// The server's sessions last for eight seconds, of which the last three are told of.

test('the application hears that its session is about to expire, and goes on until then', withPlayers(async (connect) => {
  const player = await connect();
  const { subject, code, content } = await new Promise((resolve) => (player.socket.onnotification = resolve));
  assert.deepEqual({ subject, code, content }, { subject: 'session_expiring', code: -4001, content: {} });
  await player.socket.updateStatus('still here');
  assert.equal((await player.next()).now, 'still here');
  const { code: closeCode } = await player.closed;
  assert.equal(closeCode, 4001);
}));

test('an application that does not listen is not disturbed', withPlayers(async (connect) => {
  const player = await connect();
  const { code } = await player.closed;
  assert.equal(code, 4001);
}));
