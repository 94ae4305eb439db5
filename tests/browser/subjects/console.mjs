// The console's five tabs at work: seven ways of listening cut and resumed, live numbers, channels, the check, and what
// there is to try.
import assert from 'node:assert/strict';
import { until } from '../check.mjs';
import { Holdline } from '../holdline.mjs';
import { all, all_listen, all_show, shown } from '../panes.mjs';
import { CLOSED, CUT_OFF, LEFT } from '../provoked.mjs';
import { CuttingProxy } from '../proxies/cutting.mjs';
import { HttpProxy, PASS, REFUSE, hold } from '../proxies/http.mjs';

export default async function console_page(browser, check) {
  await transports(browser, check);
  await check('the five tabs are one row of tabs, moved through by keys', () => keys(browser));
  await check('Watch shows who listens, and what was published', () => watch(browser));
  await check('Channels lists, opens, publishes and deletes', () => channels(browser));
  await check('Check finds nothing in the way where there is nothing', () => checked(browser, () => PASS, 'good', []));
  await check('Check finds a proxy that holds streams back', () => checked(browser, held, 'bad', ['buffering']));
  await check('Check finds a proxy that refuses WebSockets', () => checked(browser, kind => kind === 'websocket' ? REFUSE : PASS, 'bad', ['websocket']));
  await check('Try: the clock ticks', () => clock(browser));
  await check('Try: two pages chat', () => chat(browser));
}

const held = kind => kind === 'page' || kind === 'websocket' ? PASS : hold();

/** A page of the console, and what it is looked at with. */
async function opened(browser, hash, look, { flags = [], provokes, treat } = {}) {
  const server = await Holdline.start('--listen', '127.0.0.1:0', ...flags);
  const proxy = treat && await HttpProxy.start(server.address, treat);
  const context = await browser.context();
  try {
    const page = await context.page({ provokes });
    await page.goto(`${proxy?.url ?? server.url}/#${hash}`);
    await look(page, server, context);
    for (const { complaints } of context.pages) assert.deepEqual(complaints, []);
  } finally {
    await context.close();
    proxy?.close();
    await server.kill();
  }
}

const text_of = (page, selector) => page.evaluate(selector => document.querySelector(selector).textContent, selector);

async function transports(browser, check) {
  let server = await Holdline.start('--listen', '127.0.0.1:0', '--heartbeat', '1s');
  const proxy = await CuttingProxy.start(server.address);
  const context = await browser.context();
  try {
    const page = await context.page({ provokes: [...CUT_OFF, ...CLOSED] });
    const sent = [];
    const publish = async (text, query, event) => sent.push([(await server.publish(text, query)).id, text, event]);
    const restart = async signal => {
      await server.kill(signal);
      server = await Holdline.start('--listen', '127.0.0.1:0', '--heartbeat', '1s');
      proxy.target = server.address;
    };

    await check('Transports: all seven listen', async () => {
      await page.goto(`${proxy.url}/#transports`);
      await all_listen(page);
    });

    await check('Transports: one published message arrives in all seven', async () => {
      await publish('hello');
      await all_show(page, sent);
      const times = Object.values(await shown(page)).flatMap(pane => pane.times);
      assert.ok(times.every(time => /^\d\d:\d\d:\d\d[.,]\d{3}$/.test(time)), String(times));
    });

    await check('Transports: hostile text, a named event and JSON are shown as they are', async () => {
      await publish('</script><img src=x onerror=alert(1)>\u2028 "quoted"\nsecond line');
      await publish('first of its name', '?event=tick', 'tick');
      await all_show(page, sent); // EventSource learns a new name from the other panes
      await publish('second of its name', '?event=tick', 'tick');
      await all_show(page, sent);
    });

    await check('Transports: the publish box publishes while all seven are listening', async () => {
      await page.fill('From here', 'from the box');
      await page.click('button', 'Publish');
      await until(async () => /^Published/.test(await text_of(page, '#result')), () => text_of(page, '#result'));
      sent.push([/Published (\S+)/.exec(await text_of(page, '#result'))[1], 'from the box']);
      await all_show(page, sent);
    });

    await check('Transports: cut by the button, all seven resume by cursor and miss nothing', async () => {
      await page.click('button', 'Cut all');
      await all(page, pane => pane.state === 'off');
      for (let i = 1; i <= 150; i += 1) await publish(`missed ${i}`);
      assert.ok(Object.values(await shown(page)).every(pane => pane.messages.length === 5));
      await page.click('button', 'Resume all');
      await all_show(page, sent);
      assert.deepEqual(Object.values(await shown(page)).flatMap(pane => pane.notices), []);
    });

    await check('Transports: a second page takes the held connections, and gives them back', async () => {
      const other = await context.page();
      await other.goto(`${proxy.url}/#transports`);
      await all_listen(other);
      const held = ['eventsource', 'fetch-stream', 'hidden-iframe', 'long-poll'];
      await all(page, (pane, name) => (pane.state === 'off') === held.includes(name));
      await publish('for two pages');
      await all_show(other, sent.slice(-1));
      assert.deepEqual(other.complaints, []);
      await other.close();
      await page.evaluate(() => dispatchEvent(new Event('focus')));
      await all_listen(page);
      await all_show(page, sent);
    });

    await check('Transports: the server killed, all seven come back with one gap notice each', async () => {
      await restart('SIGKILL');
      // No browser tells that a frame was cut off, and the page waits for two heartbeats of 15 s: here its button is faster.
      await page.evaluate(() => { for (let i = 0; i < 2; i += 1) document.querySelector('#hidden-iframe button').click(); });
      await all(page, pane => pane.state === 'live' && pane.notices.length === 1 && /^Gap/.test(pane.notices[0]));
      await publish('after the break');
      await all_show(page, sent);
    });

    await check('Transports: a deleted channel is told and heard again after a publish', async () => {
      await fetch(`${server.url}/channels/demo`, { method: 'DELETE' });
      const streams = ['websocket', 'eventsource', 'fetch-stream', 'hidden-iframe'];
      await all(page, (pane, name) => !streams.includes(name) || pane.notices.includes('The channel was deleted'));
      await publish('after the delete');
      await all_show(page, sent);
    });

    await check('Transports: the browser had nothing else to complain about', () => assert.deepEqual(page.complaints, []));
  } finally {
    await context.close();
    proxy.close();
    await server.kill();
  }
}

const keys = browser => opened(browser, 'watch', async page => {
  await page.evaluate(() => document.querySelector('#tab-watch').focus());
  const selected = () => page.evaluate(() => {
    const tab = document.querySelector('[role=tab][aria-selected=true]');
    const panel = document.getElementById(tab.getAttribute('aria-controls'));
    return `${tab.textContent} ${location.hash} ${document.activeElement === tab} ${!panel.hidden}`;
  });
  for (const [key, name] of [['ArrowRight', 'Transports'], ['End', 'Try'], ['ArrowRight', 'Watch'], ['ArrowLeft', 'Try'],
    ['ArrowLeft', 'Check'], ['ArrowLeft', 'Channels'], ['Home', 'Watch']]) {
    await page.press(key);
    const expected = `${name} #${name.toLowerCase()} true true`;
    await until(async () => await selected() === expected, selected);
  }
}, { provokes: LEFT });

const watch = browser => opened(browser, 'watch', async (page, server) => {
  const abort = new AbortController();
  const answer = await fetch(`${server.url}/channels/demo?transport=ndjson`, { signal: abort.signal });
  await server.publish('hello');
  const readers = () => page.evaluate(() => document.querySelector('#by-transport').innerText.replace(/\s+/g, ' '));
  await until(async () => /Fetch stream 1/.test(await readers()), readers);
  abort.abort();
  await answer.body.cancel().catch(() => {});
  await until(async () => !/Fetch stream 1/.test(await readers()), readers);
});

const channels = browser => opened(browser, 'channels', async (page, server) => {
  await server.publish('first', '', 'news/today');
  await server.publish('second', '', 'prices');
  const rows = () => text_of(page, '#channel-rows');
  await until(async () => /news\/today/.test(await rows()) && /prices/.test(await rows()), rows);
  await page.fill('Name, or how it begins', 'news/today');
  await page.click('button', 'Open');
  const history = () => text_of(page, '#history-rows');
  await until(async () => /first/.test(await history()), history);
  await page.fill('Publish', 'by hand');
  await page.evaluate(() => document.querySelector('#channel-publish').requestSubmit());
  await until(async () => (await (await fetch(`${server.url}/channels/news/today?since=start`)).json()).messages.length === 2);
  await page.click('button', 'Delete…');
  await page.click('button', 'Delete');
  await until(async () => (await (await fetch(`${server.url}/channels/news/today?since=start`)).json()).status === 410
    || (await (await fetch(`${server.url}/channels/news/today?since=start`)).json()).messages?.length === 0);
}, { provokes: CLOSED });

const checked = (browser, treat, verdict, faults) => opened(browser, 'check', async page => {
  await page.click('button', 'Run the check');
  const state = () => document.querySelector('#check-state').textContent;
  await page.until(() => !document.querySelector('#check-result').hidden, null, state, 90000);
  const found = await page.evaluate(() => ({
    verdict: document.querySelector('#check-state').dataset.state,
    faults: [...document.querySelectorAll('#check-advice li')].map(li => li.dataset.fix),
    text: document.querySelector('#check-text').textContent,
  }));
  assert.deepEqual([found.verdict, found.faults], [verdict, faults], found.text);
}, { treat, provokes: verdict === 'good' ? [] : CUT_OFF });

const clock = browser => opened(browser, 'try', async page => {
  const time = () => text_of(page, '#clock-time');
  await until(async () => /^\d\d:\d\d:\d\d$/.test(await time()), time);
  const first = await time();
  await until(async () => await time() !== first, time);
}, { flags: ['--demo'] });

const chat = browser => opened(browser, 'try', async (ada, server, context) => {
  const bob = await context.page();
  await bob.goto(`${server.url}/#try`);
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob']]) {
    await page.fill('Your name', name);
    await page.click('button', 'Join');
    await page.until(() => !document.querySelector('#chat-text').disabled, null, () => document.querySelector('#chat-state').textContent);
  }
  for (const page of [ada, bob]) {
    await page.until(() => /Ada/.test(document.querySelector('#chat-present').textContent)
      && /Bob/.test(document.querySelector('#chat-present').textContent), null, () => document.querySelector('#chat-present').textContent);
  }
  await bob.fill('Say something', 'Hello, Ada');
  await bob.click('button', 'Send');
  await ada.until(() => /Hello, Ada/.test(document.querySelector('#chat-log').textContent));
});
