// Pages that do not come from the server: what they may do is nothing, unless --allow-origin names them.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { attempts } from './attempts.mjs';
import { check } from './check.mjs';
import { Holdline } from './holdline.mjs';

/** A server of some other site, whose only page is empty. */
async function elsewhere() {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>elsewhere</title><link rel="icon" href="data:,">');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const retained = async server => {
  const answer = await fetch(`${server.url}/channels/demo?since=start`);
  return (await answer.json()).messages.map(message => message.data);
};

/** What a page of `origin` is able to do to a server that was started with `flags`, and what is published then. */
async function tried(browser, origin, flags) {
  const server = await Holdline.start('--listen', '127.0.0.1:0', ...flags);
  const page = await browser.newPage();
  try {
    await server.publish('a secret');
    await page.goto(origin);
    return { ...await page.evaluate(attempts, server.url), retained: await retained(server) };
  } finally {
    await page.close();
    await server.kill();
  }
}

const NOTHING = {
  publish: 'refused',
  publish_unseen: 'unseen',
  publish_by_form: 'sent',
  websocket: 'refused',
  jsonp: 'refused 403',
  iframe: 'silence',
  iframe_as_own: 'silence',
  fetch: 'refused',
  event_source: 'refused',
  retained: ['a secret'],
};

const EVERYTHING = {
  publish: 'answered 200',
  publish_unseen: 'unseen',
  publish_by_form: 'sent',
  websocket: 'welcome',
  jsonp: 'read 4',
  iframe: 'posted position',
  iframe_as_own: 'silence', // the browser hands it to the page that it names, which is not this one
  fetch: 'read 4',
  event_source: 'heard a secret',
  retained: ['a secret', 'by cors', 'by no-cors', 'by form=\r\n'],
};

export async function origins(browser) {
  const other = await elsewhere();
  const { port } = other.address();
  try {
    for (const [kind, origin] of [['another port', `http://127.0.0.1:${port}`], ['another site', `http://localhost:${port}`]]) {
      await check(`a page of ${kind} does nothing and reads nothing`, async () => {
        assert.deepEqual(await tried(browser, origin, []), NOTHING);
      });
      await check(`a page of ${kind} may do what --allow-origin lets it`, async () => {
        assert.deepEqual(await tried(browser, origin, ['--allow-origin', origin]), EVERYTHING);
      });
      await check(`a page of ${kind} gains nothing when another origin is allowed`, async () => {
        assert.deepEqual(await tried(browser, origin, ['--allow-origin', 'https://app.example']), NOTHING);
      });
    }
    await check('a foreign name that leads here is answered 421', () => rebinding(browser));
  } finally {
    other.close();
  }
}

async function rebinding(browser) {
  const server = await Holdline.start('--listen', '127.0.0.1:0');
  const page = await browser.newPage();
  try {
    const answer = await page.goto(server.url.replace('127.0.0.1', 'rebound.example'));
    assert.equal(answer.status(), 421);
  } finally {
    await page.close();
    await server.kill();
  }
}
