// The connection is cut at every kind of place: the client is back with the same id, and has lost and doubled nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../../browser/check.mjs';
import { Client, connect, connect_upgraded, TRANSPORTS } from '../support/clients.mjs';
import { ask, post, publish_numbers, range, retained, serve, serve_behind_proxy } from '../support/holdline.mjs';
import { poll_at } from '../support/wire.mjs';

const EVENT = '["n","6"'; // of the message in whose way the cut comes
const PROBED = '\x81\x063probe'; // a frame
const is_websocket = ({ first }) => /transport=websocket/.test(first.split('\r\n')[0]);

// Each cut names what must come from the server, and how many bytes of it pass; at the same moment all other
// connections of the client are cut.
const at = (mark, passes) => ({ from, bytes, pair }) => {
  const found = from === 'server' ? bytes.indexOf(mark, 0, 'latin1') : -1;
  return found < 0 ? undefined : Math.max(0, passes(found, pair));
};
const CUTS = {
  polling: {
    'before the answer of a poll': at(EVENT, () => 0),
    'in the head of the answer': at(EVENT, () => 17),
    'in the body of the answer': at(EVENT, found => found + 4),
  },
  websocket: {
    'before a frame': at(EVENT, found => found - '42/news,'.length - 2),
    'in the head of a frame': at(EVENT, found => found - '42/news,'.length - 1),
    'in the payload of a frame': at(EVENT, found => found + 4),
  },
};
const UPGRADE_CUTS = {
  'before the handshake of the WebSocket is answered': at('101 Switching', () => 0),
  'in that answer': at('101 Switching', () => 40),
  'before the probe is answered': at(PROBED, found => found),
  'in the answer to the probe': at(PROBED, found => found + 4),
  'after the answer to the probe': at(PROBED, found => found + PROBED.length),
};

/** Cuts where `place` says, and refuses everybody from then on until `is_cut` is seen and `refuses` taken back. */
function cut_at(proxy, place) {
  const cut = { is_cut: false };
  proxy.judge = seen => {
    if (cut.is_cut) return 0;
    const passes = place(seen);
    if (passes === undefined) return Infinity;
    cut.is_cut = true;
    proxy.refuses = true;
    setImmediate(() => {
      proxy.cut();
      proxy.judge = () => Infinity;
    });
    return passes;
  };
  return cut;
}

const is_recovered = (client, id, times = 2) => {
  assert.deepEqual(client.recoveries, [false, ...Array(times - 1).fill(true)], String(client.left));
  assert.equal(client.id, id);
};

for (const [transport, places] of Object.entries(CUTS)) {
  for (const [place, where] of Object.entries(places)) {
    test(`${transport}, cut ${place}`, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      const client = await connect(t, `${proxy.url}/news`, TRANSPORTS[transport]);
      const { id } = client;
      await publish_numbers(server, 'news', 1, 5);
      await client.hears_up_to(5);
      const cut = cut_at(proxy, where);
      await publish_numbers(server, 'news', 6, 6);
      await until(() => cut.is_cut);
      await publish_numbers(server, 'news', 7, 10);
      await client.disconnected();
      proxy.refuses = false;
      await client.hears_up_to(10);
      await client.connected(2);
      await publish_numbers(server, 'news', 11, 12);
      assert.deepEqual(await client.hears_up_to(12), range(1, 12));
      is_recovered(client, id);
    });
  }
}

for (const [place, where] of Object.entries(UPGRADE_CUTS)) {
  test(`in mid-upgrade, cut ${place}`, async t => {
    const { server, proxy } = await serve_behind_proxy(t);
    // The WebSocket waits until the client has heard something by polling.
    let begin_upgrade;
    const begun = new Promise(resolve => { begin_upgrade = resolve; });
    proxy.judge = async ({ pair }) => (is_websocket(pair) ? begun.then(() => Infinity) : Infinity);
    const client = await connect(t, `${proxy.url}/news`, TRANSPORTS.upgrade);
    const { id } = client;
    await publish_numbers(server, 'news', 1, 5);
    await client.hears_up_to(5);
    const cut = cut_at(proxy, where);
    begin_upgrade();
    await until(() => cut.is_cut);
    await publish_numbers(server, 'news', 6, 10);
    await client.disconnected();
    proxy.refuses = false;
    await client.hears_up_to(10);
    await client.connected(2);
    await client.upgraded();
    await publish_numbers(server, 'news', 11, 12);
    assert.deepEqual(await client.hears_up_to(12), range(1, 12));
    is_recovered(client, id);
  });
}

test('an upgrade that fails leaves the session on polling, undisturbed', async t => {
  for (const [place, where] of Object.entries(UPGRADE_CUTS)) {
    if (place.startsWith('after')) continue; // the client has given polling up there
    await t.test(`cut ${place}`, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      let failed = false;
      proxy.judge = seen => {
        const passes = where(seen);
        failed ||= passes !== undefined;
        return passes ?? Infinity;
      };
      const client = await connect(t, `${proxy.url}/news`, TRANSPORTS.upgrade);
      await until(() => failed);
      await publish_numbers(server, 'news', 1, 10);
      client.socket.emit('said');
      assert.deepEqual(await client.hears_up_to(10), range(1, 10));
      assert.equal(client.socket.io.engine.transport.name, 'polling');
      assert.deepEqual([client.left, client.recoveries], [[], [false]]);
    });
  }
});

test('also when nothing was received before the cut', async t => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      await publish_numbers(server, 'news', 1, 3);
      const client = await (transport === 'upgrade' ? connect_upgraded : connect)(t, `${proxy.url}/news`, options);
      const { id } = client;
      proxy.refuses = true;
      proxy.cut();
      await publish_numbers(server, 'news', 4, 8);
      await client.disconnected();
      proxy.refuses = false;
      assert.deepEqual(await client.hears_up_to(8), range(4, 8));
      await client.connected(2);
      is_recovered(client, id);
    });
  }
});

test('cut ten times, it loses nothing and keeps its id', async t => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      const client = await connect(t, `${proxy.url}/news`, options);
      const { id } = client;
      for (let round = 1; round <= 10; round += 1) {
        await publish_numbers(server, 'news', round * 10 - 9, round * 10 - 4);
        proxy.refuses = true; // so that a client between two polls takes notice too
        proxy.cut();
        await publish_numbers(server, 'news', round * 10 - 3, round * 10);
        await until(() => client.left.length === round);
        proxy.refuses = false;
        await client.connected(round + 1);
      }
      assert.deepEqual(await client.hears_up_to(100), range(1, 100));
      is_recovered(client, id, 11);
    });
  }
});

test('missed events come before the client is connected again, and in one piece with what follows', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const client = await connect(t, `${proxy.url}/news`, TRANSPORTS.websocket);
  const order = [];
  client.socket.onAny((event, data) => order.push(data));
  client.socket.on('connect', () => order.push('connect'));
  await publish_numbers(server, 'news', 1, 1);
  await client.hears_up_to(1);
  proxy.refuses = true;
  proxy.cut();
  await publish_numbers(server, 'news', 2, 3);
  await client.disconnected();
  proxy.refuses = false;
  await client.connected(2);
  await publish_numbers(server, 'news', 4, 4);
  await client.hears_up_to(4);
  assert.deepEqual(order, ['1', '2', '3', 'connect', '4']);
});

test('several namespaces of one connection recover each for itself', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const one = await connect(t, `${proxy.url}/one`);
  const two = new Client(one.socket.io.socket('/two'));
  await two.connected();
  const ids = [one.id, two.id];
  await publish_numbers(server, 'one', 1, 2);
  await one.hears_up_to(2);
  proxy.refuses = true;
  proxy.cut();
  await publish_numbers(server, 'one', 3, 4);
  await publish_numbers(server, 'two', 1, 4);
  await Promise.all([one.disconnected(), two.disconnected()]);
  proxy.refuses = false;
  assert.deepEqual(await one.hears_up_to(4), range(1, 4));
  assert.deepEqual(await two.hears_up_to(4), range(1, 4));
  await Promise.all([one.connected(2), two.connected(2)]);
  is_recovered(one, ids[0]);
  is_recovered(two, ids[1]);
});

test('a client that closes its connection in order and comes back hears what it missed', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const client = await connect(t, `${proxy.url}/news`);
  await publish_numbers(server, 'news', 1, 2);
  await client.hears_up_to(2);
  client.socket.io.engine.close();
  await publish_numbers(server, 'news', 3, 4);
  assert.deepEqual(await client.hears_up_to(4), range(1, 4));
});

test('half of an emitted frame publishes nothing', async t => {
  const { server, proxy } = await serve_behind_proxy(t);
  const listener = await connect(t, `${server.url}/news`);
  const speaker = await connect(t, `${proxy.url}/news`, TRANSPORTS.websocket);
  await speaker.emit('n', 1);
  proxy.judge = ({ from, bytes }) => {
    if (from === 'server') return Infinity;
    proxy.judge = () => Infinity;
    return bytes.length - 3;
  };
  speaker.socket.emit('n', 2, 'x'.repeat(1000));
  await speaker.connected(2);
  await speaker.emit('n', 3);
  assert.deepEqual(await listener.hears_up_to(3), [1, 3]);
});

test('a request that a browser repeats of itself ends the session: nothing of the lost answer is lost, nothing is taken twice', async t => {
  const server = await serve(t);
  const session = await poll_at(`${server.url}/socket.io/`);
  await session.post('40/news,');
  await session.get();
  await publish_numbers(server, 'news', 1, 1);
  assert.match((await ask(`${session.url}&t=a`)).text, /"1"/);
  // The connection was lost with the answer, and the browser asks again.
  const repeated = await ask(`${session.url}&t=a`);
  assert.deepEqual([repeated.status, (await session.get()).status], [400, 400]);

  const speaker = await poll_at(`${server.url}/socket.io/`);
  await speaker.post('40/news,');
  for (const status of [200, 400]) assert.equal((await post(`${speaker.url}&t=b`, '42/news,["n",2]')).status, status);
  assert.deepEqual((await retained(server, 'news')).map(({ data }) => data), ['1', 2]);
});
