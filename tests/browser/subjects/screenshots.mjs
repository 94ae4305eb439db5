// Pictures for people to look at, in tests/out/browser.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { check } from './check.mjs';
import { Holdline } from './holdline.mjs';
import { all, all_listen } from './panes.mjs';

const folder = fileURLToPath(new URL('../out/browser/', import.meta.url));
const sizes = { desktop: { width: 1280, height: 900 }, tablet: { width: 800, height: 1000 }, phone: { width: 375, height: 740 } };

export async function screenshots(browser) {
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(sizes)) {
      await check(`${size}, ${colorScheme}: nothing sticks out`, () => picture(browser, colorScheme, size, viewport));
    }
  }
}

async function picture(browser, colorScheme, size, viewport) {
  let server = await Holdline.start('--listen', '127.0.0.1:0');
  const context = await browser.newContext({ colorScheme, viewport, deviceScaleFactor: size === 'phone' ? 2 : 1 });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    await all_listen(page);
    await server.publish('hello');
    await all(page, pane => pane.messages.length === 1);
    await server.kill('SIGTERM');
    server = await Holdline.start('--listen', server.address);
    await all(page, pane => pane.state === 'live' && pane.notices.some(notice => /^Gap/.test(notice)), 30000);
    await server.publish('{"symbol":"ACME","price":12.5}', '?event=price');
    // The EventSource learns a new name from another pane, and must have done so before anything later arrives.
    await all(page, pane => pane.messages.length === 2);
    await server.publish('A longer message, to see how the lines break in a narrow pane.');
    await all(page, pane => pane.messages.length === 3);
    await page.waitForTimeout(1800);
    await page.screenshot({ path: `${folder}${size}-${colorScheme}.png`, fullPage: true });
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `the page is ${wide} wide in a window of ${room}`);
  } finally {
    await context.close();
    await server.kill();
  }
}
