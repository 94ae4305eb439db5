// Each transport by itself, against the real server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../holdline.js';
import { Record, Server, heard, range, reached } from './server.js';

const TRANSPORTS = ['websocket', 'sse', 'ndjson', 'long-poll'];
let server;
before(async () => { server = await Server.start('--heartbeat', '1s', '--retain-messages', '300'); });
const lines = [];
after(() => {
  for (const line of lines) line.close();
  return server.kill();
});

let count = 0;
const fresh = () => `room/${count += 1}`;
const opened = async (options) => {
  const line = connect(server.url, { backoff: 10, ...options });
  lines.push(line);
  const record = new Record(line);
  await heard(line, 'position');
  return { line, record };
};

for (const transport of TRANSPORTS) {
  const transports = [transport];

  test(`${transport}: messages come once, in order and as they were published`, async () => {
    const channel = fresh();
    const { line, record } = await opened({ transports, channels: [channel] });
    const data = ['text', 'two\nlines\u2028', '', { x: [1, null] }, null, 7, false];
    for (const each of data) await line.publish(channel, each, { event: 'said' });
    await line.publish(channel, new Uint8Array([0, 255]));
    await record.count(data.length + 1);
    assert.deepEqual(record.data, [...data, new Uint8Array([0, 255])]);
    assert.deepEqual(record.all.slice(0, -1).map(({ event }) => event), data.map(() => 'said'));
    assert.equal(line.cursor >= record.all.at(-1).id, true);
    assert.equal(line.transport, transport);
    assert.match(line.client, /^[\w-]{16}$/);
    line.close();
  });

  test(`${transport}: begins where it is told to`, async () => {
    const channel = fresh();
    const ids = await server.publishAll(channel, range(0, 150));
    for (const [begin, first] of [[{ since: 'start' }, 0], [{ last: 5 }, 145], [{ since: ids[9] }, 10]]) {
      const { line, record } = await opened({ transports, channels: [channel], ...begin });
      await record.count(150 - first);
      assert.deepEqual(record.data, range(first, 150));
      assert.deepEqual(record.gaps, []);
      line.close();
    }
  });

  test(`${transport}: what was lost is a gap, and then comes what is left`, async () => {
    const channel = fresh();
    const since = await server.publish(channel, 'first');
    await server.publishAll(channel, range(0, 301));
    const { line, record } = await opened({ transports, channels: [channel], since });
    await record.count(300);
    assert.deepEqual(record.gaps.map((gap) => [gap.channel, gap.after]), [[channel, since]]);
    line.close();
  });

  test(`${transport}: a cursor from another life of the server is a gap, and no silence`, async () => {
    const channel = fresh();
    await server.publish(channel, 'kept');
    const { line, record } = await opened({ transports, channels: [channel], since: '99999999999999-0' });
    await record.count(1);
    await server.publish(channel, 'next');
    await record.count(2);
    assert.deepEqual([record.data, record.gaps.length], [['kept', 'next'], 1]);
    line.close();
  });

  test(`${transport}: channels come and go on an open line`, async () => {
    const [a, b, c] = [fresh(), fresh(), fresh()];
    for (const number of range(0, 3)) await server.publish(c, `old ${number}`);
    const { line, record } = await opened({ transports, channels: [a] });
    const prices = [];
    line.channel(b).on('price', ({ data }) => prices.push(data));
    // Whoever subscribes is told so by what comes: the first words may be before it.
    while (!record.data.includes('b')) {
      await server.publish(b, 'b', '?event=price');
      await server.publish(a, 'a');
      await record.until(({ all }) => all.some(({ id }) => id) && all.at(-1).data === 'a' || all.length > 100);
    }
    line.subscribe(c, { since: 'start' });
    await record.until(({ data }) => data.includes('old 2'));
    assert.deepEqual(record.all.filter(({ channel }) => channel === c).map(({ data }) => data), range(0, 3).map((n) => `old ${n}`));
    assert.equal(prices.length, record.data.filter((data) => data === 'b').length);
    line.unsubscribe(a);
    await server.publish(a, 'unheard');
    await server.publish(c, 'last');
    await record.until(({ data }) => data.includes('last'));
    assert.equal(record.data.includes('unheard'), false);
    assert.equal(new Set(record.all.map(({ id }) => id)).size, record.all.length);
    line.close();
  });

  test(`${transport}: a deleted channel is told, and the last one ends the line`, async () => {
    const [a, b] = [fresh(), fresh()];
    const { line } = await opened({ transports, channels: [a, b] });
    for (const channel of [a, b]) {
      const closed = heard(line, 'closed');
      if (transport === 'long-poll') await server.holdsPoll();
      await fetch(`${server.url}/channels/${channel}`, { method: 'DELETE' });
      assert.equal((await closed).channel, channel);
    }
    assert.equal(line.state, 'closed');
    assert.equal(line.error.status, 410);
  });
}

test('a channel of which the server knows nothing but its end closes the line', async () => {
  const channel = fresh();
  await server.publish(channel, 'x');
  await fetch(`${server.url}/channels/${channel}`, { method: 'DELETE' });
  const line = connect(server.url, { channels: [channel], backoff: 10 });
  await reached(line, 'closed');
  assert.equal([204, 410].includes(line.error.status), true);
});

test('a bad name is refused with the words of the server', async () => {
  const line = connect(server.url, { channels: ['..'], backoff: 10 });
  await reached(line, 'closed');
  assert.equal(line.error.status, 400);
  assert.match(line.error.message, /\w/);
});

test('a WebSocket takes more channels than a request may name', async () => {
  const channels = range(0, 100).map((number) => `many/${number}`);
  const { line, record } = await opened({ channels });
  for (const channel of channels) await server.publishAll(channel, [channel]);
  await record.count(100);
  assert.deepEqual(record.data, channels);
  line.close();
});

test('messages are iterated over until the line is closed', async () => {
  const channel = fresh();
  const { line } = await opened({ channels: [channel] });
  const seen = [];
  const reading = (async () => { for await (const { data } of line) if (seen.push(data) === 3) line.close(); })();
  for (const number of range(0, 3)) await line.publish(channel, number);
  await reading;
  assert.deepEqual(seen, range(0, 3));
});

test('an AbortSignal closes the line', async () => {
  const ending = new AbortController();
  const { line } = await opened({ channels: [fresh()], signal: ending.signal });
  ending.abort();
  assert.equal(line.state, 'closed');
  const never = connect(server.url, { channels: ['a'], signal: AbortSignal.abort() });
  assert.equal(never.state, 'closed');
});

test('publishing keeps its order and tells what is refused', async () => {
  const channel = fresh();
  for (const transport of TRANSPORTS) {
    const { line, record } = await opened({ transports: [transport], channels: [channel] });
    const data = range(0, 20).map((number) => (number % 7 ? number : new Uint8Array([255, Number(number)])));
    await Promise.all(data.map((each) => line.publish(channel, each)));
    await record.count(20);
    assert.deepEqual(record.data, data);
    await assert.rejects(line.publish(channel, 1, { event: 'open' }), { name: 'HoldlineError', status: 400 });
    await assert.rejects(line.publish('..', 1), { status: 400 });
    line.close();
  }
});
