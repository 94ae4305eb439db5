// A page that listens, through a proxy that cuts, to what is published in numbers; and the ways in which it is cut off.
// The page keeps in `window.page` its `state` ('live' when it listens) and a `log`: { data, event }, { gap } or { notice }.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { until } from './check.mjs';
import { Holdline } from './holdline.mjs';
import { CUT_OFF } from './provoked.mjs';
import { CuttingProxy } from './proxies/cutting.mjs';

const pages = fileURLToPath(new URL('pages/', import.meta.url));
export const FLAGS = ['--listen', '127.0.0.1:0', '--public', pages, '--heartbeat', '500ms'];
const STREAMS = ['websocket', 'event-source', 'sse', 'ndjson', 'iframe'];

// A connection that is cut after so many bytes is cut in its head, in a chunk, in the middle of a message.
const CUTS = [90, 333, 700, 1500, 3100];

/** Cuts a page that listens by the transport `name` off in all ways: it resumes without loss, or tells a gap. */
export async function cut_off_in_all_ways(at, name, check) {
  await check(`${name}: hears every message once and in order`, async () => {
    await at.publish(20);
    await at.has_heard_all();
  });

  await check(`${name}: cut off in the middle of anything, it loses nothing`, async () => {
    at.proxy.cut_next_after([...CUTS]);
    for (let burst = 0; burst < 10; burst += 1) {
      await at.publish(10);
      at.proxy.cut();
    }
    await at.has_heard_all();
  });

  await check(`${name}: offline and back, it loses nothing`, async () => {
    await at.context.offline(true);
    at.proxy.cut();
    await at.page.until(() => !navigator.onLine);
    await at.publish(30);
    await at.context.offline(false);
    await at.has_heard_all();
  });

  await check(`${name}: the server killed, its journal gone: a gap exactly there`, async () => {
    await at.restart('SIGKILL');
    at.expected.push('gap');
    await at.publish(5);
    at.proxy.refuses = false;
    await at.has_heard_all();
    await at.publish(5);
    await at.has_heard_all();
  });

  await check(`${name}: the server ended in order: told, and a gap exactly there`, async () => {
    await at.restart('SIGTERM');
    if (STREAMS.includes(name.split(' ').at(-1))) at.expected.push('shutdown');
    at.expected.push('gap');
    await at.publish(5);
    at.proxy.refuses = false;
    await at.has_heard_all();
    await at.gaps_fit();
  });
  await check(`${name}: the browser had nothing else to complain about`, () => assert.deepEqual(at.page.complaints, []));
}

export class Listening {
  /** `path` of the page; `proxy_to` makes the proxy, given HOST:PORT; `flags` are the server's. */
  static async begin(browser, path, { provokes = CUT_OFF, proxy_to = CuttingProxy.start, flags = FLAGS } = {}) {
    const at = new Listening();
    Object.assign(at, { flags, is_raw: path.includes('by=raw'), expected: [], numbers: 0, ids: new Map() });
    at.server = await Holdline.start(...flags);
    at.proxy = await proxy_to(at.server.address);
    at.context = await browser.context();
    at.page = await at.context.page({ provokes });
    await at.page.goto(at.proxy.url + path);
    await until(
      async () => (await at.log())?.state === 'live',
      async () => ({ page: await at.log(), complaints: at.page.complaints }),
    );
    return at;
  }

  /** The next `count` numbers, each second one under a name. */
  async publish(count) {
    for (let i = 0; i < count; i += 1) {
      this.numbers += 1;
      const { id } = await this.server.publish(String(this.numbers), this.numbers % 2 ? '?event=tick' : '');
      this.ids.set(this.numbers, id);
      this.expected.push(this.numbers);
    }
  }

  log() { return this.page.evaluate(() => window.page); }

  /** Waits until as much was heard as there is to hear, and compares it. */
  async has_heard_all() {
    const [last] = this.expected.slice(-1);
    const seen = ({ log }) => log.map(it => it.notice ?? (it.gap ? 'gap' : Number(it.data)));
    await until(async () => seen(await this.log()).at(-1) === last, async () => {
      const { log, ...state } = await this.log();
      return { ...state, log: seen({ log }).slice(-20), expected: this.expected.slice(-20) };
    });
    const { log } = await this.log();
    assert.deepEqual(seen({ log }), this.expected);
    const named = log.filter(it => it.data && !this.is_raw).every(it => (it.event === 'tick') === (it.data % 2 === 1));
    assert.ok(named, 'an event name is missing, or is where it does not belong');
  }

  /** A gap says between which ids something is missing: behind what was heard before it, ahead of what came after. */
  async gaps_fit() {
    const at = id => BigInt(id.split('-')[0]) * 2n ** 64n + BigInt(id.split('-')[1]);
    const { log } = await this.log();
    const messages = log.filter(it => it.data || it.gap);
    for (const [i, { gap }] of messages.entries()) {
      if (!gap) continue;
      const [after, resumes] = gap.map(at);
      const begins_behind = at(this.ids.get(Number(messages[i - 1].data))) <= after;
      assert.ok(begins_behind || this.is_raw, `the gap begins at ${gap[0]}`); // raw knows no ids of messages
      assert.ok(after < resumes && resumes < at(this.ids.get(Number(messages[i + 1].data))), `the gap ends at ${gap[1]}`);
    }
  }

  /** Another server in place of this one; nobody is let through to it yet. */
  async restart(signal) {
    await this.server.kill(signal);
    this.proxy.refuses = true;
    this.server = await Holdline.start(...this.flags);
    this.proxy.target = this.server.address;
  }

  async end() {
    await this.context.close();
    this.proxy.close();
    await this.server.kill();
  }
}
