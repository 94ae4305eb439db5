// Clients that speak to each other: everybody hears it but the speaker, each speaker's messages in order.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect, settled, TRANSPORTS } from '../support/clients.mjs';
import { range, retained, serve } from '../support/holdline.mjs';

test('two clients chat, and neither hears itself', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const url = `${server.url}/chat/${tag}`;
    const [ann, bob] = [await connect(t, url, options, io), await connect(t, url, options, io)];
    for (const n of range(1, 20)) {
      ann.socket.emit('ann', n);
      bob.socket.emit('bob', n);
    }
    assert.deepEqual((await bob.hears('ann', 20)).map(([n]) => n), range(1, 20));
    assert.deepEqual((await ann.hears('bob', 20)).map(([n]) => n), range(1, 20));
    await settled(server, `chat/${tag}`, ann, bob);
    assert.deepEqual([ann.events('ann'), bob.events('bob')], [[], []]);
  });
});

test('five clients on different transports hear the four others alike, in one order', async t => {
  const server = await serve(t);
  const ways = [TRANSPORTS.polling, TRANSPORTS.websocket, TRANSPORTS.upgrade, TRANSPORTS.polling, TRANSPORTS.websocket];
  const clients = await Promise.all(ways.map(options => connect(t, `${server.url}/crowd`, options)));
  for (const n of range(1, 10)) for (const [who, { socket }] of clients.entries()) socket.emit('n', n * 10 + who);
  await Promise.all(clients.map(client => client.hears('n', 40)));
  await settled(server, 'crowd', ...clients);
  const order = (await retained(server, 'crowd')).filter(({ event }) => event === 'n').map(({ data }) => data);
  assert.equal(order.length, 50);
  for (const [who, client] of clients.entries()) assert.deepEqual(client.numbers, order.filter(n => n % 10 !== who));
});

test('one who speaks and leaves at once has been heard', async t => {
  const server = await serve(t);
  const listener = await connect(t, `${server.url}/brief`);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    const speaker = await connect(t, `${server.url}/brief`, options);
    speaker.socket.emit('bye', transport);
    speaker.socket.disconnect();
  }
  assert.deepEqual((await listener.hears('bye', 3)).map(([data]) => data), Object.keys(TRANSPORTS));
});

test('what is emitted before the connection is there is sent when it is', async t => {
  const server = await serve(t);
  const listener = await connect(t, `${server.url}/early`);
  const speaker = await connect(t, `${server.url}/early`, { autoConnect: true });
  speaker.socket.disconnect();
  for (const n of range(1, 5)) speaker.socket.emit('n', n);
  speaker.socket.connect();
  assert.deepEqual(await listener.hears_up_to(5), range(1, 5));
});
