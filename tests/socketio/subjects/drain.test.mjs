// SIGTERM: clients are told, the server ends in order, and they go on with its successor.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect } from '../support/clients.mjs';
import { publish_numbers, range, serve, serve_behind_proxy } from '../support/holdline.mjs';

test('a client is told of the end, and the server ends by itself', async t => {
  await by_all(t, async (t, io, options) => {
    const server = await serve(t);
    const client = await connect(t, `${server.url}/news`, { ...options, reconnection: false }, io);
    await publish_numbers(server, 'news', 1, 3);
    await client.hears_up_to(3);
    server.child.kill('SIGTERM');
    await client.disconnected();
    const [[told, ...rest]] = client.events('holdline:shutdown');
    assert.deepEqual([Object.keys(told), typeof told.reconnect_ms, rest], [['reconnect_ms'], 'number', []]);
    await server.ended;
    assert.equal(server.child.exitCode, 0);
    assert.deepEqual(client.numbers, [1, 2, 3]);
  });
});

test('clients go on at a new server by themselves, behind the same address', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const clients = [await connect(t, `${proxy.url}/news`, { transports: ['polling'] }), await connect(t, `${proxy.url}/news`, { transports: ['websocket'] })];
  await publish_numbers(server, 'news', 1, 3);
  await Promise.all(clients.map(client => client.hears_up_to(3)));
  proxy.refuses = true;
  await server.kill('SIGTERM');
  const next = await serve(t);
  proxy.target = next.address;
  await publish_numbers(next, 'news', 4, 5);
  proxy.refuses = false;
  for (const client of clients) {
    await client.hears_up_to(5);
    await client.connected(2);
    await publish_numbers(next, 'news', 6, 6);
    assert.deepEqual((await client.hears_up_to(6)).slice(0, 6), range(1, 6));
    assert.equal(client.events('holdline:gap').length, 1);
  }
});
