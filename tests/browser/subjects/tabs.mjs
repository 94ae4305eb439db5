// holdline.js in three pages of one user with `shared`: one of them reads for all, and when it goes, another takes over.
import assert from 'node:assert/strict';
import { until } from '../check.mjs';
import { Listening } from '../listening.mjs';
import { path } from './client.mjs';

export default async function tabs(browser, check) {
  const at = await Listening.begin(browser, path({ shared: true }));
  try {
    const pages = [at.page];
    const transports = () => Promise.all(pages.map(page => page.evaluate(() => window.page?.transport)));
    const begun_at = new Map([[at.page, 0]]);
    const open_another = async () => {
      const page = await at.context.page();
      await page.goto(at.proxy.url + path({ shared: true }));
      pages.push(page);
      begun_at.set(page, at.expected.length);
    };
    // A page that at first hears of no leader reads by itself, and looks for a better way after a minute.
    const CLIMBED_MS = 150_000;
    const one_reads = () => until(async () => {
      const by = await transports();
      return by.filter(name => name === 'shared').length === pages.length - 1 && by.every(Boolean);
    }, transports, CLIMBED_MS);
    const all_have_heard = async () => {
      const last = String(at.expected.at(-1));
      for (const page of pages) {
        const data = () => page.evaluate(() => window.page.log.map(it => it.gap ? 'gap' : it.notice ?? it.data));
        await until(async () => (await data()).at(-1) === last, async () => (await data()).slice(-10));
        assert.deepEqual(await data(), at.expected.slice(begun_at.get(page)).map(String));
      }
    };

    await check('shared: three pages, one connection', async () => {
      await open_another();
      await open_another();
      await one_reads();
      await until(async () => (await (await fetch(`${at.server.url}/stats`)).json()).readers === 1,
        async () => (await (await fetch(`${at.server.url}/stats`)).json()).readers);
    });

    await check('shared: each page hears every message once and in order', async () => {
      await at.publish(30);
      await all_have_heard();
    });

    await check('shared: the one that reads is closed, another takes over, and nothing is lost', async () => {
      const publishing = at.publish(200);
      await until(() => at.numbers > 60);
      const [reader] = pages.splice((await transports()).findIndex(name => name !== 'shared'), 1);
      await reader.close();
      await publishing;
      await one_reads();
      await all_have_heard();
    });

    await check('shared: cut off, all go on', async () => {
      at.proxy.cut();
      await at.publish(30);
      await all_have_heard();
    });

    await check('shared: a page that comes later joins in', async () => {
      await open_another();
      await one_reads();
      await at.publish(10);
      await all_have_heard();
    });

    await check('shared: the browser had nothing to complain about', () => {
      assert.deepEqual(at.context.pages.flatMap(page => page.complaints), []);
    });
  } finally {
    await at.end();
  }
}
