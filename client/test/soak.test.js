// Numbered messages while the way to the server breaks fifty times and lets through now this, now that: each number
// comes once and in order. HOLDLINE_SEED repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../holdline.js';
import { proxy } from './proxy.js';
import { Record, Server, range } from './server.js';

const seeds = process.env.HOLDLINE_SEED ? [Number(process.env.HOLDLINE_SEED)] : [1, 2, 3];
const KINDS = ['websocket', 'sse', 'ndjson', 'poll'];

/** mulberry32 */
const dice = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

for (const seed of seeds) {
  test(`broken fifty times, seed ${seed}`, async () => {
    const roll = dice(seed);
    const server = await Server.start('--open');
    const rules = { status: 502, retry: 5 }; // 403 of a last resort would be final
    const way = await proxy(() => server.url, rules);
    const line = connect(way.url, {
      channels: ['a', 'b'], since: 'start', backoff: 2, backoffMax: 20, patience: 100, upgrade: 20,
    });
    const record = new Record(line);
    const used = new Set();
    line.on('state', () => used.add(line.transport));
    const numbers = [];
    for (let breaks = 0; breaks < 50; breaks += 1) {
      for (const number of range(numbers.length, numbers.length + Math.floor(roll() * 8))) {
        numbers.push(number);
        await server.publish(roll() < 0.5 ? 'a' : 'b', number);
        if (numbers.length % 3 === 0) await server.publish('late', number);
      }
      const [one, other] = [KINDS[Math.floor(roll() * 4)], KINDS[Math.floor(roll() * 4)]];
      const rule = ['blocked', 'reset', 'buffered'][Math.floor(roll() * 3)];
      for (const name of ['blocked', 'reset', 'buffered']) rules[name] = name === rule ? [one, other] : [];
      if (breaks === 20) line.subscribe('late', { since: 'start' });
      const heard = record.all.length;
      way.cut();
      // Now and then until it has found a way, else in the midst of looking for one.
      if (roll() < 0.6 && numbers.length) await record.until(({ all }) => all.length > heard || all.length >= numbers.length);
    }
    for (const name of ['blocked', 'reset', 'buffered']) rules[name] = [];
    await server.publish('a', 'end');
    await server.publish('late', 'end');
    await record.until(({ data }) => data.filter((each) => each === 'end').length === 2);
    const main = record.all.filter(({ channel }) => channel !== 'late');
    assert.deepEqual(main.map(({ data }) => data), [...numbers, 'end']);
    const late = record.all.filter(({ channel }) => channel === 'late');
    assert.deepEqual(late.map(({ data }) => data), [...numbers.filter((_, index) => index % 3 === 2), 'end']);
    assert.deepEqual(record.gaps, []);
    assert.ok(used.size > 3, [...used].join());
    line.close();
    way.close();
    await server.kill();
  });
}

test('a server killed fifty times loses what it held, and every loss is told', async () => {
  let server = await Server.start();
  const { port, url } = server;
  const line = connect(url, { channels: ['a'], since: 'start', backoff: 2, backoffMax: 10 });
  const record = new Record(line);
  let told = 0;
  for (let life = 0; life < 50; life += 1) {
    const heard = record.all.length;
    for (const number of range(0, 4)) await server.publish('a', `${life}.${number}`);
    // The last life's messages all came, or are behind a gap; some lives end before anybody came to hear of them.
    if (life % 5) await record.until(({ all }) => all.length > heard);
    if (life < 49) {
      await server.kill();
      server = await Server.start('--listen', `127.0.0.1:${port}`);
    }
  }
  await record.until(({ data }) => data.includes('49.3'));
  const order = record.data.map((data) => data.split('.').reduce((life, number) => life * 10 + Number(number), 0));
  assert.deepEqual(order, [...new Set(order)].sort((one, other) => one - other));
  for (let life = 0; life < 50; life += 1) {
    const numbers = record.data.filter((data) => data.startsWith(`${life}.`));
    assert.deepEqual(numbers, range(0, numbers.length).map((number) => `${life}.${number}`), 'nothing is missing in the midst of a life');
    told += numbers.length < 4 ? 1 : 0;
  }
  assert.ok(record.gaps.length >= 40 && record.gaps.length >= told, `${record.gaps.length} gaps, ${told} lives cut short`);
  line.close();
  await server.kill();
});
