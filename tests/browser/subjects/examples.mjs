// The pages of examples/browser, as somebody would try them: each hears what it should, goes on where it was when it is
// cut off, and says what was lost; questions are answered, taken up again and withdrawn.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Holdline } from '../holdline.mjs';
import { CuttingProxy } from '../proxies/cutting.mjs';
import { CUT_OFF } from '../provoked.mjs';

const FLAGS = ['--listen', '127.0.0.1:0', '--public', fileURLToPath(new URL('../../../examples/browser/', import.meta.url))];
const FOLLOWERS = ['event-source', 'websocket', 'fetch', 'long-poll', 'jsonp', 'iframe'];
/** What Chromium says of a request whose question is withdrawn. */
const WITHDRAWN = /^error: Failed to load resource: the server responded with a status of 410 .*\/asks\//;
const HOSTILE = '</script><b>"\u2028';

export default async function examples(browser, check) {
  for (const name of FOLLOWERS) await follower(browser, check, name);
  const others = {
    'index.html: leads to every page': index,
    'websocket.html: publishes, and adds a channel that it keeps over a cut': commands,
    'event-source.html: goes on where it was when it is loaded anew': reload,
    'websocket-raw.html: text and bytes, both ways': raw,
    'publish.html: publishes in four ways': publish,
    'ask.html and answer.html: yes, no, too late, withdrawn, and taken up after five seconds': asking,
  };
  for (const [sentence, look] of Object.entries(others)) {
    await check(sentence, async () => {
      const at = await Example.begin(browser);
      try {
        await look(at);
        assert.deepEqual(at.context.pages.flatMap(page => page.complaints), []);
      } finally {
        await at.end();
      }
    });
  }
}

async function follower(browser, check, name) {
  const at = await Example.begin(browser);
  const expected = [];
  const published = async (data, query = '') => {
    const { id } = await at.server.publish(data, query);
    expected.push(`${query ? 'price' : 'message'} ${id} ${data}`);
  };
  try {
    const page = await at.page(name, 'demo');
    await check(`${name}.html: hears what is published, with its name`, async () => {
      await state_is(page, 'live');
      await published('hello');
      await published('{"price":7}', '?event=price');
      await published(HOSTILE);
      await log_is(page, expected);
    });

    await check(`${name}.html: goes on where it was`, async () => {
      if (name === 'iframe') {
        // A frame notices nothing when it is cut off, but is loaded anew after 128 KiB.
        for (let i = 0; i < 50; i += 1) await published('x'.repeat(4000));
      } else {
        for (let i = 0; i < 5; i += 1) {
          at.proxy.cut();
          await published(`while it was away ${i}`);
        }
      }
      await log_is(page, expected);
    });

    await check(`${name}.html: says what is lost, and goes on behind it`, async () => {
      const old = at.server;
      at.server = await Holdline.start(...FLAGS);
      at.proxy.target = at.server.address;
      await old.kill('SIGTERM');
      at.proxy.cut();
      await page.until(() => document.querySelector('#log').textContent.includes('gap '), null, log);
      await published('in another life of the server');
      await page.until(() => document.querySelector('#log').textContent.includes('another life'), null, log);
      const lines = await lines_of(page);
      assert.equal(lines.filter(line => line.startsWith('gap ')).length, 1, lines.join('\n'));
      assert.deepEqual(lines.filter(line => !line.startsWith('gap ')), expected);
    });

    await check(`${name}.html: the browser has nothing else to complain about`, () => assert.deepEqual(page.complaints, []));
  } finally {
    await at.end();
  }
}

async function index(at) {
  const page = await at.page('index', 'news/today');
  const links = await page.evaluate(() => [...document.links].map(({ href }) => href));
  assert.equal(links.length, 10);
  for (const link of links) {
    assert.ok(link.endsWith('.html?channel=news/today'), link);
    assert.equal((await fetch(link)).status, 200, link);
  }
}

async function commands(at) {
  const page = await at.page('websocket', 'demo');
  const other = async data => {
    const answer = await fetch(`${at.server.url}/channels/other`, { method: 'POST', body: data });
    return `message ${(await answer.json()).id} ${data}`;
  };
  await state_is(page, 'live');
  await page.fill('Text', 'from the page');
  await page.click('button', 'Publish');
  await page.until(() => document.querySelector('#log').textContent.split('\n').length > 2, null, log);
  // The message and the answer to the command come in either order.
  const [first, second] = (await lines_of(page)).map(line => line.split(' ')).sort();
  assert.deepEqual([first.toSpliced(1, 1), second[0], second[1]], [['message', 'from', 'the', 'page'], 'published', first[1]]);

  await page.fill('Channel', 'other');
  await page.click('button', 'Listen');
  await page.until(() => document.querySelector('#log').textContent.endsWith('listens to other\n'), null, log);
  const heard = [await other('before')];
  at.proxy.cut();
  heard.push(await other('while it was away'));
  await page.until(() => document.querySelector('#log').textContent.includes('away'), null, log);
  assert.deepEqual((await lines_of(page)).slice(3), heard);
}

async function reload(at) {
  const page = await at.page('event-source', 'demo');
  await state_is(page, 'live');
  await page.goto(`${at.proxy.url}/index.html`);
  const { id } = await at.server.publish('while it was elsewhere');
  await page.goto(`${at.proxy.url}/event-source.html?channel=demo`);
  await log_is(page, [`message ${id} while it was elsewhere`]);
}

async function raw(at) {
  const page = await at.page('websocket-raw', 'demo');
  await state_is(page, 'live');
  await page.click('button', 'Send text');
  await log_is(page, ['text text from a page']);
  await page.click('button', 'Send bytes');
  await log_is(page, ['text text from a page', 'bytes 202,254,63,0,0,0']);
}

async function publish(at) {
  const listener = await at.page('fetch', 'demo');
  await state_is(listener, 'live');
  const page = await at.page('publish', 'demo');
  await page.fill('Text', 'from a form');
  const heard = [];
  for (const [button, name, data] of [
    ['With fetch', 'message', 'from a form'],
    ['With XMLHttpRequest', 'message', 'from a form'],
    ['JSON with a name', 'price', '{"symbol":"ACME","price":12.5,"said":"from a form"}'],
    ['With sendBeacon', 'message', 'from a form'],
  ]) {
    await page.click('button', button);
    heard.push([name, data]);
    await listener.until(count => document.querySelector('#log').textContent.split('\n').length > count, heard.length, log);
  }
  const lines = (await lines_of(listener)).map(line => /^(\S+) \S+ (.*)$/.exec(line).slice(1));
  assert.deepEqual(lines, heard);
  const said = (await lines_of(page)).map(line => line.split(' ')[0]);
  assert.deepEqual(said, ['published', 'published', 'published', 'sent']);
}

async function asking(at) {
  const asker = await at.page('ask', 'login/1', [WITHDRAWN]);
  const ask = async question => {
    await asker.fill('Question', question);
    await asker.click('button', 'Ask');
  };

  // The page that answers is opened when the question stands already, as by a QR code; and nobody answers for a while.
  await ask('Is it you?');
  await asker.until(() => document.querySelector('#log').textContent.includes('no answer yet'), null, log);
  const answerer = await at.page('answer', 'login/1');
  await asks(answerer, ['Is it you?']);
  await answerer.click('button', 'Confirm');
  await state_is(asker, 'yes (200): yes');
  await asks(answerer, []);

  await ask(`Really ${HOSTILE}`);
  await asks(answerer, [`Really ${HOSTILE}`]);
  await answerer.click('button', 'Cancel');
  await state_is(asker, 'no');

  // Of two pages that show it one answers: it goes from the other.
  const another = await at.page('answer', 'login/1');
  await state_is(another, 'live');
  await ask('Which of you?');
  await asks(answerer, ['Which of you?']);
  await asks(another, ['Which of you?']);
  await answerer.click('button', 'Confirm');
  await state_is(asker, 'yes (200): yes');
  await asks(another, []);

  await ask('Never mind?');
  await asks(answerer, ['Never mind?']);
  await asker.click('button', 'Withdraw');
  await state_is(asker, 'withdrawn');
  await asks(answerer, []);
  assert.deepEqual((await lines_of(asker)).filter(line => line.startsWith('asked')).length, 4);
}

const log = () => document.querySelector('#log').textContent;

const lines_of = async page => (await page.evaluate(log)).split('\n').slice(0, -1);

const state_is = (page, state) => page.until(wanted => document.querySelector('#state').textContent === wanted, state,
  () => document.querySelector('#state').textContent);

const log_is = async (page, lines) => {
  await page.until(count => document.querySelector('#log').textContent.split('\n').length > count, lines.length, log);
  assert.deepEqual(await lines_of(page), lines);
};

const asks = (page, questions) => page.until(
  wanted => JSON.stringify([...document.querySelectorAll('#questions p')].map(it => it.textContent)) === wanted,
  JSON.stringify(questions),
  () => document.querySelector('#questions').textContent,
);

/** A server with the pages, behind a proxy that cuts, and one user. */
class Example {
  static async begin(browser) {
    const at = new Example();
    at.server = await Holdline.start(...FLAGS);
    at.proxy = await CuttingProxy.start(at.server.address);
    at.context = await browser.context();
    return at;
  }

  async page(name, channel, provokes = []) {
    const page = await this.context.page({ provokes: [...CUT_OFF, ...provokes] });
    await page.goto(`${this.proxy.url}/${name}.html?channel=${channel}`);
    return page;
  }

  async end() {
    await this.context.close();
    this.proxy.close();
    await this.server.kill();
  }
}
