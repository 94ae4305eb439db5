// Every client by every transport: it connects, and hears every message once and in order, also while it upgrades.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Socket as EngineSocket } from 'engine.io-client';
import { until } from '../../browser/check.mjs';
import { by_all, connect, TRANSPORTS } from '../support/clients.mjs';
import { publish_numbers, range, serve } from '../support/holdline.mjs';

const COUNT = 60;

test('a backend publishes, clients hear it', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const channel = `heard/${tag}`;
    const client = await connect(t, `${server.url}/${channel}`, options, io);
    const ids = await publish_numbers(server, channel, 1, COUNT);
    assert.deepEqual(await client.hears_up_to(COUNT), range(1, COUNT));
    if (tag.startsWith('upgrade')) await client.upgraded();
    assert.equal(client.socket.io.engine.transport.name, tag.startsWith('polling') ? 'polling' : 'websocket');
    ids.push(...await publish_numbers(server, channel, COUNT + 1, 2 * COUNT));
    assert.deepEqual(await client.hears_up_to(2 * COUNT), range(1, 2 * COUNT));
    assert.deepEqual(client.events('n'), ids.map((id, i) => [String(i + 1), id]));
    assert.deepEqual(client.left, []);
  });
});

test('a client emits without waiting, another hears it', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const url = `${server.url}/said/${tag}`;
    const listener = await connect(t, url, options, io);
    const speaker = await connect(t, url, options, io);
    for (const n of range(1, COUNT)) speaker.socket.emit('n', n);
    assert.deepEqual(await listener.hears_up_to(COUNT), range(1, COUNT));
    if (tag.startsWith('upgrade')) await speaker.upgraded();
    for (const n of range(COUNT + 1, 2 * COUNT)) speaker.socket.emit('n', n);
    assert.deepEqual(await listener.hears_up_to(2 * COUNT), range(1, 2 * COUNT));
    assert.deepEqual(speaker.heard, []);
  });
});

test('an upgrade in the middle of traffic both ways loses nothing', async t => {
  const server = await serve(t);
  const listener = await connect(t, `${server.url}/busy`, TRANSPORTS.websocket);
  const upgrading = await connect(t, `${server.url}/busy`, TRANSPORTS.upgrade);
  let said = 0;
  const publishing = publish_numbers(server, 'busy', 1, COUNT);
  while (upgrading.socket.io.engine.transport.name !== 'websocket') {
    upgrading.socket.emit('said', said += 1);
    await new Promise(resolve => setImmediate(resolve));
  }
  upgrading.socket.emit('said', said += 1);
  await publishing;
  assert.deepEqual(await upgrading.hears_up_to(COUNT), range(1, COUNT));
  assert.deepEqual((await listener.hears('said', said)).map(([n]) => n), range(1, said));
  assert.deepEqual(await listener.hears_up_to(COUNT), range(1, COUNT));
});

test('engine.io-client, which knows nothing of Socket.IO, carries its packets', async t => {
  const server = await serve(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const engine = new EngineSocket(server.url, { path: '/socket.io/', ...options });
      t.after(() => engine.close());
      const packets = [];
      engine.on('message', packet => packets.push(packet));
      engine.send(`0/engine/${transport},`);
      await until(() => packets.length === 1);
      assert.match(packets[0], new RegExp(`^0/engine/${transport},\\{"sid":"[^"]+","pid":"[^"]+"\\}$`));
      if (transport === 'upgrade') await until(() => engine.transport.name === 'websocket');
      const [id] = await publish_numbers(server, `engine/${transport}`, 1, 1);
      await until(() => packets.length === 2);
      assert.equal(packets[1], `2/engine/${transport},["n","1","${id}"]`);
      engine.send(`2/engine/${transport},7["said",{"a":[1]}]`);
      await until(() => packets.length === 3);
      assert.match(packets[2], new RegExp(`^3/engine/${transport},7\\[\\{"id":"\\d+-\\d+"\\}\\]$`));
    });
  }
});

test('pings are answered, and one client outlives many of them on every transport', async t => {
  const server = await serve(t, '--ping-interval', '50ms', '--ping-timeout', '30s');
  await by_all(t, async (t, io, options, tag) => {
    const channel = `pinged/${tag}`;
    const client = await connect(t, `${server.url}/${channel}`, options, io);
    let pings = 0;
    client.socket.io.engine.on('packet', ({ type }) => { if (type === 'ping') pings += 1; });
    await until(() => pings >= 5);
    await publish_numbers(server, channel, 1, 1);
    assert.deepEqual(await client.hears_up_to(1), [1]);
    assert.deepEqual(client.left, []);
  });
});
