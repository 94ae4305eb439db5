// Every tab of the console, in use, light and dark, on a desktop and on a phone: nothing sticks out, axe-core finds nothing
// serious, the browser complains of nothing. The pictures stay in target/browser/ for people to look at.
import assert from 'node:assert/strict';
import { readFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Holdline } from '../holdline.mjs';
import { all, all_listen } from '../panes.mjs';

const folder = fileURLToPath(new URL('../../../target/browser/', import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** Brings each tab to where there is something to see. */
const TABS = {
  watch: async page => {
    await page.until(() => document.querySelectorAll('#watch-rows tr').length > 3 && !document.querySelector('#watch-further:empty'));
  },
  transports: async (page, server) => {
    await all_listen(page);
    await server.publish('A longer message, to see how the lines break in a narrow pane.');
    await server.publish('{"symbol":"ACME","price":12.5}', '?event=price');
    await all(page, pane => pane.messages.length === 2);
  },
  channels: async page => {
    await page.until(() => document.querySelectorAll('#channel-rows tr').length > 2);
    await page.fill('Name, or how it begins', 'news/today');
    await page.click('button', 'Open');
    await page.until(() => document.querySelectorAll('#history-rows tr').length >= 3);
  },
  check: async page => {
    await page.click('button', 'Run the check');
    await page.until(() => !document.querySelector('#check-result').hidden, null, () => document.querySelector('#check-state').textContent);
  },
  try: async page => {
    await page.fill('Your name', 'Ada');
    await page.click('button', 'Join');
    await page.until(() => !document.querySelector('#chat-text').disabled, null, () => document.querySelector('#chat-state').textContent);
    await page.fill('Say something', 'Hello, is anybody here?');
    await page.click('button', 'Send');
    await page.click('button', 'Log in with another screen');
    await page.until(() => document.querySelector('#chat-log p') && document.querySelector('#login-code svg')
      && /^\d\d:\d\d:\d\d$/.test(document.querySelector('#clock-time').textContent));
  },
  'confirm=demo/login/seen': async (page, server) => {
    const question = { text: 'Log in on another screen?', code: 'A1B2' };
    // The answer is not waited for here.
    fetch(`${server.url}/ask/demo/login/seen?ttl=60`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) })
      .catch(() => {});
    await page.until(() => !document.querySelector('#confirm-ask').hidden);
  },
};

export default async function looks(browser, check) {
  await mkdir(folder, { recursive: true });
  for (const scheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const [tab, use] of Object.entries(TABS)) {
        const name = tab.split('=')[0];
        const path = `${folder}${name}-${size}-${scheme}-${browser.name}.png`;
        await check(`${name}, ${size}, ${scheme}`, () => look(browser, { scheme, ...viewport }, tab, use, path));
      }
    }
  }
}

async function look(browser, options, tab, use, path) {
  const server = await Holdline.start('--listen', '127.0.0.1:0', '--demo');
  const context = await browser.context(options);
  try {
    await server.publish('Markets open', '', 'news/today');
    await server.publish('{"headline":"Rain","region":"north"}', '?event=weather', 'news/today');
    await server.publish('x'.repeat(300), '', 'news/today');
    await server.publish('12.5', '?key=ACME', 'prices');
    const page = await context.page();
    assert.equal(await page.goto(`${server.url}/#${tab}`), 200);
    await use(page, server);
    await page.screenshot(path);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `the page is ${wide} wide in a window of ${room}`);
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(page.complaints, []);
  } finally {
    await context.close();
    await server.kill();
  }
}

/** What axe-core calls serious or critical. */
async function barriers(page) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations
    .map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`) })));
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
}
