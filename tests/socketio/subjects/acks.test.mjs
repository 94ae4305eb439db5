// Acknowledgements: what a client emits with a callback is answered when it is in the journal, or refused with a reason.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect, open } from '../support/clients.mjs';
import { range, retained, serve, serve_behind_proxy } from '../support/holdline.mjs';

const ID = /^\d+-\d+$/;

test('an ack tells the id of the message', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const channel = `acked/${tag}`;
    const client = await connect(t, `${server.url}/${channel}`, options, io);
    const answers = await Promise.all(range(1, 20).map(n => client.emit('n', n)));
    for (const answer of answers) assert.match(answer[0].id, ID, JSON.stringify(answer));
    const listed = (await retained(server, channel)).map(({ id, data }) => [id, data]);
    assert.deepEqual(answers.map(([{ id }], i) => [id, i + 1]), listed);
    assert.deepEqual(answers.map(answer => answer.length), range(1, 20).map(() => 1));
  });
});

test('emitWithAck and timeout give the answer', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/acked`);
  assert.match((await client.socket.emitWithAck('n', 1)).id, ID);
  assert.match((await client.socket.timeout(30000).emitWithAck('n', 2)).id, ID);
  const error = await new Promise(resolve => client.socket.timeout(30000).emit('n', 3, resolve));
  assert.equal(error, null);
  assert.deepEqual((await retained(server, 'acked')).map(({ data }) => data), [1, 2, 3]);
});

test('a timeout is told when no answer comes, and the message is published once all the same', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const client = await connect(t, `${proxy.url}/slow`, { transports: ['websocket'] });
  const listener = await connect(t, `${server.url}/slow`);
  let release;
  const held = new Promise(resolve => { release = resolve; });
  proxy.judge = async ({ from, bytes }) => {
    if (from === 'server' && bytes.includes('43/slow,')) await held;
    return Infinity;
  };
  await assert.rejects(client.socket.timeout(100).emitWithAck('n', 1), /timed out/);
  release();
  assert.match((await client.emit('n', 2))[0].id, ID);
  assert.deepEqual(await listener.hears_up_to(2), [1, 2]);
});

test('a timeout before any connection takes the message back', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  proxy.refuses = true;
  const client = open(t, `${proxy.url}/never`);
  await assert.rejects(client.socket.timeout(50).emitWithAck('n', 1), /timed out/);
  proxy.refuses = false;
  await client.connected();
  await client.emit('n', 2);
  assert.deepEqual((await retained(server, 'never')).map(({ data }) => data), [2]);
});

test('with retries every message arrives, one at a time', async t => {
  const server = await serve(t);
  const listener = await connect(t, `${server.url}/retried`);
  const client = await connect(t, `${server.url}/retried`, { retries: 3, ackTimeout: 30000 });
  for (const n of range(1, 10)) client.socket.emit('n', n);
  assert.deepEqual(await listener.hears_up_to(10), range(1, 10));
});

test('what cannot be published is refused by the ack, and the connection stays', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/refusing`);
  const refused = {
    'a name of 129 bytes': ['x'.repeat(129), 1],
    'an empty name': ['', 1],
    'a name with a control character': ['a\nb', 1],
    'a name of the server that is no command': ['holdline:gap', 1],
  };
  for (const [what, said] of Object.entries(refused)) {
    const [{ id, error }, ...rest] = await client.emit(...said);
    assert.deepEqual([what, id, error?.status, typeof error?.detail, rest], [what, undefined, 400, 'string', []]);
  }
  assert.match((await client.emit('n', 1))[0].id, ID);
  assert.deepEqual((await retained(server, 'refusing')).map(({ data }) => data), [1]);
  assert.deepEqual(client.left, []);
});
