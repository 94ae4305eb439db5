// npm's socket.io-client in a page, from the file that pages load, by each of its transports: cut off in all ways, it
// recovers; and buffers go both ways.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { in_lanes } from '../check.mjs';
import { FLAGS, Listening, cut_off_in_all_ways } from '../listening.mjs';
import { SESSION_CUT_OFF } from '../provoked.mjs';

const TRANSPORTS = { websocket: 'websocket', polling: 'polling', upgrade: 'polling,websocket' };
const FILES = ['../pages/socketio.html', '../pages/socketio.js', '../node_modules/socket.io-client/dist/socket.io.min.js'];
const ALL_BYTES = { bytes: [...Array(256).keys()] };

export default async function socketio(browser, check) {
  // The client's file stands beside the page, as whoever serves it with --public would put it.
  const folder = await mkdtemp(join(tmpdir(), 'holdline-socketio-'));
  for (const file of FILES) await copyFile(new URL(file, import.meta.url), join(folder, file.split('/').at(-1)));
  // This client stops polling for good when the WebSocket of an upgrade is cut at a certain moment; it takes notice when
  // no ping has come for that long.
  const flags = [...FLAGS.map((flag, i) => (FLAGS[i - 1] === '--public' ? folder : flag)), '--ping-interval', '2s', '--ping-timeout', '3s'];
  try {
    await in_lanes(Object.entries(TRANSPORTS), async ([name, transports]) => {
      const at = await Listening.begin(browser, `/socketio.html?transports=${transports}`, { provokes: SESSION_CUT_OFF, flags });
      try {
        await recovers(at, name, check);
        await check(`socket.io-client, ${name}: buffers go both ways, alone and nested`, async () => {
          const { heard, answer } = await at.page.evaluate(channel => window.bytes_both_ways(channel), `bytes-${name}`);
          assert.deepEqual(heard, [ALL_BYTES, { nested: [ALL_BYTES, { deeper: { bytes: [30, 0, 255] } }] }, 'text']);
          assert.match(answer.id, /^\d+-\d+$/);
        });
        await cut_off_in_all_ways(at, `socket.io-client, ${name}`, check);
      } finally {
        await at.end();
      }
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function recovers(at, name, check) {
  await check(`socket.io-client, ${name}: it is by this transport`, async () => {
    await at.page.until(name => window.page.transport === name, name === 'polling' ? 'polling' : 'websocket');
  });
  for (const [place, before] of [['before anything was heard', 0], ['in the middle', 5]]) {
    await check(`socket.io-client, ${name}: cut off ${place}, it recovers`, async () => {
      if (before) {
        await at.publish(before);
        await at.has_heard_all();
      }
      const { id, recoveries: { length: times } } = await at.log();
      at.proxy.refuses = true;
      at.proxy.cut();
      await at.publish(5);
      await at.page.until(() => window.page.state !== 'live');
      at.proxy.refuses = false;
      await at.has_heard_all();
      await at.page.until(times => window.page.recoveries.length > times, times);
      const now = await at.log();
      assert.deepEqual(now.recoveries, [false, ...Array(times).fill(true)]);
      assert.equal(now.id, id);
    });
  }
}
