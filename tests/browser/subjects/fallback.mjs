// holdline.js behind proxies that do not let everything through: it finds what does, comes back to what is better when
// it can, and loses nothing over all that.
import assert from 'node:assert/strict';
import { until } from '../check.mjs';
import { Listening } from '../listening.mjs';
import { BLOCKED } from '../provoked.mjs';
import { HttpProxy, PASS, REFUSE, SWALLOW, answer, hold } from '../proxies/http.mjs';
import { path } from './client.mjs';

const STREAMS = ['sse', 'ndjson'];
const CASES = [
  ['WebSocket refused', kind => kind === 'websocket' ? REFUSE : PASS, 'sse'],
  ['WebSocket swallowed', kind => kind === 'websocket' ? SWALLOW : PASS, 'sse'],
  ['WebSocket and SSE refused', kind => ['websocket', 'sse'].includes(kind) ? REFUSE : PASS, 'ndjson'],
  ['WebSocket refused, SSE swallowed', kind => ({ websocket: REFUSE, sse: SWALLOW })[kind] ?? PASS, 'ndjson'],
  ['all streams refused', kind => ['websocket', ...STREAMS].includes(kind) ? REFUSE : PASS, 'long-poll'],
  ['WebSocket refused, streams held back until they end', kind => kind === 'websocket' ? REFUSE : hold(), 'long-poll'],
  ['WebSocket refused, streams held back for 16 KB', kind => kind === 'websocket' ? REFUSE : hold(16384), 'long-poll'],
];

export default async function fallback(browser, check) {
  for (const [what, treat, found] of CASES) {
    await check(`${what}: holdline.js finds ${found}`, () => behind(browser, treat, { patience: 700 }, async at => {
      await at.publish(20);
      await at.has_heard_all();
      assert.equal((await at.log()).transport, found);
    }));
  }
  await check('let through again: it returns to WebSocket and loses nothing', () => returning(browser));
  await check('told Retry-After, it comes no sooner', () => patient(browser));
}

/** A page with holdline.js behind a proxy that treats requests so. */
async function behind(browser, treat, options, look) {
  const at = await Listening.begin(browser, path(options), {
    provokes: BLOCKED,
    proxy_to: target => HttpProxy.start(target, kind => kind === 'page' ? PASS : treat(kind)),
  });
  try {
    await look(at);
    assert.deepEqual(at.page.complaints, []);
  } finally {
    await at.end();
  }
}

async function returning(browser) {
  let is_blocked = true;
  const treat = kind => is_blocked && ['websocket', 'sse', 'ndjson'].includes(kind) ? REFUSE : PASS;
  await behind(browser, treat, { upgrade: 300 }, async at => {
    const is_by = async transport => (await at.log()).transport === transport;
    assert.ok(await is_by('long-poll'));
    await at.publish(20);
    is_blocked = false;
    await until(async () => {
      await at.publish(1);
      return is_by('websocket');
    }, async () => ({ log: await at.log(), seen: at.proxy.seen.filter(({ kind }) => kind !== 'poll') }));
    await at.publish(20);
    await at.has_heard_all();
  });
}

async function patient(browser) {
  let is_busy = false;
  const treat = () => is_busy ? answer(503, { 'retry-after': '2' }) : PASS;
  await behind(browser, treat, { transports: ['long-poll'] }, async at => {
    is_busy = true;
    await at.publish(1); // ends the poll that is held; the next one is refused
    const refused = () => at.proxy.seen.filter(({ treatment }) => treatment === 'answer');
    await until(() => refused().length === 1, refused);
    is_busy = false;
    await at.publish(20);
    await at.has_heard_all();
    const [{ at_ms }] = refused();
    const next = at.proxy.seen.find(seen => seen.at_ms > at_ms);
    assert.ok(next.at_ms - at_ms >= 1900, `it came after ${next.at_ms - at_ms} ms`);
  });
}
