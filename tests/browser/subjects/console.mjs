// The page at `/`: seven ways of listening, cut and resumed.
import assert from 'node:assert/strict';
import { check, until } from './check.mjs';
import { Holdline } from './holdline.mjs';
import { PANES, all, all_listen, all_show, shown } from './panes.mjs';

/** Collects what the browser complains about; what it says of a server that is down on purpose does not count. */
export function complaints(page) {
  const heard = { list: [], is_down: false };
  page.on('pageerror', error => heard.list.push(`uncaught: ${error.message}`));
  page.on('console', message => {
    if (!['error', 'warning'].includes(message.type())) return;
    if (heard.is_down && /net::ERR_|status of 410|response code: 410/.test(message.text())) return;
    heard.list.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  return heard;
}

export async function console_page(browser) {
  let server = await Holdline.start('--listen', '127.0.0.1:0');
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const heard = complaints(page);
    const sent = [];
    const publish = async (text, query, event) => sent.push([(await server.publish(text, query)).id, text, event]);

    await check('the printed address opens and all seven listen', async () => {
      await page.goto(server.url);
      await all_listen(page);
    });

    await check('one published message arrives in all seven', async () => {
      await publish('hello');
      await all_show(page, sent);
      const times = Object.values(await shown(page)).flatMap(pane => pane.times);
      assert.ok(times.every(time => /^\d\d:\d\d:\d\d[.,]\d{3}$/.test(time)), String(times));
    });

    await check('hostile text, a named event and JSON are shown as they are', async () => {
      await publish('</script><img src=x onerror=alert(1)>\u2028 "quoted"\nsecond line');
      await publish('first of its name', '?event=tick', 'tick');
      await publish('second of its name', '?event=tick', 'tick');
      await all_show(page, sent);
    });

    await check('the publish box publishes while all seven are listening', async () => {
      await page.getByLabel('From here').fill('from the box');
      await page.getByRole('button', { name: 'Publish' }).click();
      await until(async () => /^Published/.test(await page.textContent('#result')), () => page.textContent('#result'));
      sent.push([/Published (\S+)/.exec(await page.textContent('#result'))[1], 'from the box']);
      await all_show(page, sent);
    });

    await check('the line to copy names this server', async () => {
      assert.equal(await page.textContent('#curl'), `curl -d hello ${server.url}/channels/demo`);
    });

    await check('cut by the button, all seven resume by cursor and miss nothing', async () => {
      await page.getByRole('button', { name: 'Cut all' }).click();
      await all(page, pane => pane.state === 'off');
      for (let i = 1; i <= 150; i += 1) await publish(`missed ${i}`);
      assert.ok(Object.values(await shown(page)).every(pane => pane.messages.length === 5));
      await page.getByRole('button', { name: 'Resume' }).click();
      await all_show(page, sent);
      const notices = Object.values(await shown(page)).flatMap(pane => pane.notices);
      assert.deepEqual(notices, []);
    });

    await check('a second tab takes the held connections, and gives them back', async () => {
      const other = await context.newPage();
      const others = complaints(other);
      await other.goto(server.url);
      await all_listen(other);
      await all(page, (pane, name) => (pane.state === 'off') === ['eventsource', 'fetch-stream', 'hidden-iframe', 'long-poll'].includes(name));
      await publish('for two tabs');
      await all_show(other, sent.slice(-1));
      await other.close();
      await page.evaluate(() => dispatchEvent(new Event('focus')));
      await all_listen(page);
      await all_show(page, sent);
      assert.deepEqual(others.list, []);
    });

    await check('when the server is killed, every pane says that it waits', async () => {
      heard.is_down = true;
      await server.kill();
      await all(page, (pane, name) => pane.state === 'waiting' || name === 'hidden-iframe');
    });

    await check('started again on the same port, all seven come back with one gap notice each', async () => {
      server = await Holdline.start('--listen', server.address);
      // The iframe is told nothing by the browser, and waits for more than two heartbeats that do not come.
      await all(page, (pane, name) => pane.state === 'live' && (name === 'hidden-iframe' || pane.notices.length === 1));
      await all(page, pane => pane.state === 'live' && pane.notices.length === 1 && /^Gap/.test(pane.notices[0]), 60000);
      heard.is_down = false;
    });

    await check('and each gets a new message exactly once', async () => {
      await publish('after the break');
      await all_show(page, sent);
      await all(page, pane => pane.notices.length === 1, 0);
    });

    await check('a server that ends in order says so, and is found again', async () => {
      heard.is_down = true;
      await server.kill('SIGTERM');
      server = await Holdline.start('--listen', server.address);
      await publish('after the order');
      await all_listen(page, 30000);
      heard.is_down = false;
      await all_show(page, sent);
      const panes = await shown(page);
      for (const name of ['websocket', 'eventsource', 'fetch-stream', 'hidden-iframe']) {
        assert.ok(panes[name].notices.includes('The server is going down'), `${name}: ${panes[name].notices}`);
      }
    });

    await check('a deleted channel is told and heard again after a publish', async () => {
      heard.is_down = true; // 204 and 410 are errors to a browser
      await fetch(`${server.url}/channels/demo`, { method: 'DELETE' });
      await all(page, (pane, name) => name.endsWith('poll') || name === 'jsonp' || pane.notices.includes('The channel was deleted'));
      await publish('after the delete');
      await all_listen(page, 30000);
      await all_show(page, sent);
      heard.is_down = false;
    });

    await check('the browser had nothing to complain about', () => assert.deepEqual(heard.list, []));
    assert.equal(PANES.length, Object.keys(await shown(page)).length);
  } finally {
    await context.close();
    await server.kill();
  }
}
