// SIGTERM: clients are told, the server ends in order, and they go on with its successor.
import assert from 'node:assert/strict';
import { connect as connect_to } from 'node:net';
import test from 'node:test';
import { until } from '../../browser/check.mjs';
import { by_all, connect } from '../support/clients.mjs';
import { ask, publish_numbers, range, serve, serve_behind_proxy } from '../support/holdline.mjs';
import { poll_at, SEPARATOR } from '../support/wire.mjs';

test('a client is told of the end, and the server ends by itself', async t => {
  await by_all(t, async (t, io, options, tag) => {
    const server = await serve(t);
    const client = await connect(t, `${server.url}/news`, { ...options, reconnection: false }, io);
    if (tag.startsWith('upgrade')) await client.upgraded();
    await publish_numbers(server, 'news', 1, 3);
    await client.hears_up_to(3);
    server.child.kill('SIGTERM');
    await client.disconnected();
    await server.ended;
    assert.equal(server.child.exitCode, 0);
    assert.deepEqual(client.numbers, [1, 2, 3]);
    const told = client.events('holdline:shutdown');
    // Who is between two polls finds nobody there any more.
    if (tag.startsWith('polling') && told.length === 0) return;
    assert.deepEqual(told.map(([notice, ...rest]) => [Object.keys(notice), typeof notice.reconnect_ms, rest]), [[['reconnect_ms'], 'number', []]]);
  });
});

test('a GET that is held is answered with the notice and a close packet', async t => {
  const server = await serve(t);
  const session = await poll_at(`${server.url}/socket.io/`);
  await session.post('40/news,');
  await session.get();

  // It is held as soon as its bytes are counted besides those of asking for the count.
  const bytes_in = async () => (await ask(`${server.url}/stats`)).json.bytes_in;
  const [first, second] = [await bytes_in(), await bytes_in()];
  const request = `GET ${session.url.slice(server.url.length)} HTTP/1.1\r\nHost: ${server.address}\r\n\r\n`;
  const [host, port] = server.address.split(':');
  const socket = connect_to(Number(port), host);
  t.after(() => socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', text => { answer += text; }).write(request);
  let asked = 0;
  await until(async () => {
    asked += 1;
    return await bytes_in() >= second + asked * (second - first) + request.length;
  });
  server.child.kill('SIGTERM');
  await until(() => socket.closed, () => answer);
  const [head, body] = answer.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 200 /);
  assert.match(body, new RegExp(`^42/news,\\["holdline:shutdown",\\{"reconnect_ms":\\d+\\}\\]${SEPARATOR}1$`));
  await server.ended;
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
  await Promise.all(clients.map(client => client.hears_up_to(5)));
  await publish_numbers(next, 'news', 6, 6);
  for (const client of clients) {
    assert.deepEqual(await client.hears_up_to(6), range(1, 6));
    assert.equal(client.events('holdline:gap').length, 1);
  }
});
