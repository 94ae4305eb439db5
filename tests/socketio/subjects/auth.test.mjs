// What a client may say of itself in `auth`: who it is, and where it begins.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../../browser/check.mjs';
import { by_all, connect, open } from '../support/clients.mjs';
import { ask, publish_numbers, range, retained, serve } from '../support/holdline.mjs';

const SESSION = 'a-session-of-my-own-0123456789';
const presence = async (server, channel) => (await ask(`${server.url}/presence/${channel}`)).json;

test('a name is what presence calls the client, and its id is the socket\'s', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const client = await connect(t, `${server.url}/named/${tag}`, { ...options, auth: { name: 'Ann ✓' } }, io);
    const { clients, count } = await presence(server, `named/${tag}`);
    assert.deepEqual([count, clients[0].id, clients[0].name, clients[0].transport], [1, client.id, 'Ann ✓', 'socket.io']);
  });
});

test('a session is who a client is: with the same one it keeps its id', async t => {
  const server = await serve(t);
  const first = await connect(t, `${server.url}/who`, { auth: { session: SESSION } });
  const { id } = first;
  first.socket.disconnect();
  const second = await connect(t, `${server.url}/who`, { auth: { session: SESSION } });
  assert.equal(second.id, id);
  const stranger = await connect(t, `${server.url}/who`);
  assert.notEqual(stranger.id, id);
  const polled = await ask(`${server.url}/channels/who?session=${SESSION}`);
  assert.equal(polled.json.client, id, 'and on another transport too');
});

test('the id of a socket is what `except` leaves out', async t => {
  const server = await serve(t);
  const [one, other] = [await connect(t, `${server.url}/except`), await connect(t, `${server.url}/except`)];
  await server.publish('1', `?event=n&except=${one.id}`, 'except');
  await server.publish('2', '?event=n', 'except');
  assert.deepEqual(await one.hears_up_to(2), [2]);
  assert.deepEqual(await other.hears_up_to(2), [1, 2]);
});

test('since tells where to begin, in every form', async t => {
  const server = await serve(t);
  const ids = await publish_numbers(server, 'past', 1, 10);
  await by_all(t, async (t, io, options) => {
    const all = await connect(t, `${server.url}/past`, { ...options, auth: { since: 'start' } }, io);
    assert.deepEqual(await all.hears_up_to(10), range(1, 10));
    const some = await connect(t, `${server.url}/past`, { ...options, auth: { since: ids[6] } }, io);
    assert.deepEqual(await some.hears_up_to(10), [8, 9, 10]);
  });
  const late = await connect(t, `${server.url}/past`, { auth: { since: 'now' } });
  await publish_numbers(server, 'past', 11, 11);
  assert.deepEqual(await late.hears_up_to(11), [11]);
});

test('a client of version 3, which recovers nothing, may go on by since and session', async t => {
  const server = await serve(t);
  let last;
  const { default: io } = await import('socket.io-client-3');
  const client = await connect(t, `${server.url}/resumed`, { auth: answer => answer({ since: last, session: SESSION }) }, io);
  const { id } = client;
  client.socket.on('n', (_, offset) => { last = offset; });
  await publish_numbers(server, 'resumed', 1, 3);
  await client.hears_up_to(3);
  client.socket.disconnect();
  await publish_numbers(server, 'resumed', 4, 6);
  client.socket.connect();
  assert.deepEqual(await client.hears_up_to(6), range(1, 6));
  assert.equal(client.id, id);
});

test('what is wrong in auth is refused with a reason', async t => {
  const server = await serve(t);
  const wrong = [{ since: 'yesterday' }, { session: 'short' }, { name: 'x'.repeat(129) }, { name: 'two\nlines' }];
  for (const auth of wrong) {
    const client = open(t, `${server.url}/wrong`, { auth });
    const error = await client.refusal();
    assert.deepEqual([error.data.status, error.message], [400, error.data.detail], JSON.stringify(auth));
  }
});

test('what is not known in auth is no harm', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/more`, { auth: { token: 'none', ticket: 'none', other: { a: [1] }, name: {}, session: 5, presence: 'yes' } });
  assert.deepEqual(client.refused, []);
});

test('presence: true tells who comes and goes', async t => {
  const server = await serve(t, '--presence-grace', '0s');
  const watcher = await connect(t, `${server.url}/room`, { auth: { presence: true } });
  const guest = await connect(t, `${server.url}/room`, { auth: { name: 'Bob' } });
  const { id } = guest;
  const joined = notice => notice.client === id;
  await until(() => watcher.events('holdline:join').some(([notice]) => joined(notice)), () => watcher.heard);
  guest.socket.disconnect();
  await until(() => watcher.events('holdline:leave').some(([notice]) => joined(notice)), () => watcher.heard);
  const [[join]] = watcher.events('holdline:join').filter(([notice]) => joined(notice));
  const [[leave]] = watcher.events('holdline:leave').filter(([notice]) => joined(notice));
  assert.deepEqual([join, leave], Array(2).fill({ channel: 'room', client: id, name: 'Bob' }));
  assert.deepEqual(guest.heard, []);
  assert.deepEqual(await retained(server, 'room'), []);
});
