// A namespace is a channel: several on one connection, each with its own messages; those that are none are refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Manager } from 'socket.io-client';
import { by_all, Client, connect, open, settled, TRANSPORTS } from '../support/clients.mjs';
import { publish_numbers, range, serve } from '../support/holdline.mjs';

/** Sockets of one manager, which share its connection. */
async function together(t, url, options, ...namespaces) {
  const manager = new Manager(url, options);
  const clients = namespaces.map(namespace => new Client(manager.socket(namespace)));
  t.after(() => { for (const { socket } of clients) socket.disconnect(); });
  await Promise.all(clients.map(client => client.connected()));
  return clients;
}

test('several namespaces on one connection hear each its own', async t => {
  const server = await serve(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const [main, news, deep] = await together(t, server.url, options, '/', `/news-${transport}`, `/a/b/${transport}`);
      for (const n of range(1, 10)) {
        await publish_numbers(server, 'main', n, n);
        await publish_numbers(server, `news-${transport}`, 100 + n, 100 + n);
        await publish_numbers(server, `a/b/${transport}`, 200 + n, 200 + n);
      }
      assert.deepEqual(await main.hears_up_to(10), range(1, 10));
      assert.deepEqual(await news.hears_up_to(110), range(101, 110));
      assert.deepEqual(await deep.hears_up_to(210), range(201, 210));
    });
  }
});

test('what is emitted on one namespace is not heard on another', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const name = `${tag}`;
    const speaker = await connect(t, `${server.url}/one/${name}`, options, io);
    const same = await connect(t, `${server.url}/one/${name}`, options, io);
    const other = await connect(t, `${server.url}/other/${name}`, options, io);
    speaker.socket.emit('said', 1);
    await same.hears('said');
    await settled(server, `other/${name}`, other);
    assert.deepEqual(other.events('said'), []);
  });
});

test('the main namespace is the channel main', async t => {
  const server = await serve(t);
  const client = await connect(t, server.url);
  await publish_numbers(server, 'main', 1, 3);
  assert.deepEqual(await client.hears_up_to(3), [1, 2, 3]);
});

test('leaving one namespace leaves the others', async t => {
  const server = await serve(t);
  const [main, news] = await together(t, server.url, {}, '/', '/news');
  news.socket.disconnect();
  await publish_numbers(server, 'news', 1, 3);
  await publish_numbers(server, 'main', 1, 3);
  assert.deepEqual(await main.hears_up_to(3), [1, 2, 3]);
  assert.deepEqual([news.numbers, main.left], [[], []]);
  news.socket.connect();
  await news.connected(2);
  await publish_numbers(server, 'news', 4, 4);
  assert.ok((await news.hears_up_to(4)).includes(4));
});

test('what is no channel is no namespace: refused by name, and the others stay', async t => {
  const server = await serve(t);
  const [main] = await together(t, server.url, {}, '/');
  for (const name of ['/two//slashes', '/ends/', '/..', '/a/../b', '/white space', '/@server', `/${'x'.repeat(256)}`]) {
    const client = new Client(main.socket.io.socket(name));
    const error = await client.refusal();
    assert.equal(error.message, 'Invalid namespace', name);
    assert.deepEqual([error.data.status, typeof error.data.detail], [400, 'string'], name);
  }
  await publish_numbers(server, 'main', 1, 1);
  assert.deepEqual(await main.hears_up_to(1), [1]);
  assert.deepEqual(main.left, []);
});

test('a client whose only namespace is refused is told so on every transport', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options) => {
    const client = open(t, `${server.url}/no//channel`, options, io);
    assert.equal((await client.refusal()).message, 'Invalid namespace');
  });
});

test('a query behind the namespace is no part of its name', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/asked?token=none`);
  await publish_numbers(server, 'asked', 1, 1);
  assert.deepEqual(await client.hears_up_to(1), [1]);
});
