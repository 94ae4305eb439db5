// holdline.js by each of its transports, cut off in all ways.
import assert from 'node:assert/strict';
import { in_lanes } from '../check.mjs';
import { Listening, cut_off_in_all_ways } from '../listening.mjs';

const TRANSPORTS = ['websocket', 'sse', 'ndjson', 'long-poll', 'jsonp', 'iframe'];

// Fast, for it is cut off often; what it takes for silence on a busy machine only makes it try again, with more patience.
export const OPTIONS = { heartbeat: 500, backoff: 50, backoffMax: 400, patience: 500 };
export const path = options => `/client.html?options=${encodeURIComponent(JSON.stringify({ ...OPTIONS, ...options }))}`;

export default async function client(browser, check) {
  await in_lanes(TRANSPORTS, async name => {
    const at = await Listening.begin(browser, path({ transports: [name] }));
    try {
      await cut_off_in_all_ways(at, `holdline.js, ${name}`, check);
      await check(`holdline.js, ${name}: it was by ${name} all the time`, async () => {
        const { transport, went } = await at.log();
        assert.equal(transport, name, String(went));
      });
    } finally {
      await at.end();
    }
  });
}
