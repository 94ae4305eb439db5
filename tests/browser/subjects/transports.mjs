// Each transport in a page that has nothing but the browser's own means: cut off in many ways, it resumes without loss.
import assert from 'node:assert/strict';
import { in_lanes } from '../check.mjs';
import { Listening, cut_off_in_all_ways } from '../listening.mjs';

const TRANSPORTS = ['websocket', 'raw', 'event-source', 'ndjson', 'long-poll', 'poll', 'jsonp', 'iframe'];
const path = name => `/listen.html?by=${name}&channel=demo`;

export default async function transports(browser, check) {
  await in_lanes(TRANSPORTS, async name => {
    const at = await Listening.begin(browser, path(name));
    try {
      await cut_off_in_all_ways(at, name, check);
    } finally {
      await at.end();
    }
  });
  await check('raw: bytes go both ways as an ArrayBuffer', () => bytes_both_ways(browser));
}

async function bytes_both_ways(browser) {
  const at = await Listening.begin(browser, path('raw'));
  try {
    const all = [...Array(256).keys()];
    await at.page.evaluate(bytes => window.send(bytes), all);
    await at.page.until(() => page.log.length === 1);
    assert.deepEqual((await at.log()).log[0].data, all);
    assert.deepEqual(at.page.complaints, []);
  } finally {
    await at.end();
  }
}
