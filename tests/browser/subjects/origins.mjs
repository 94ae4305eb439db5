// Pages that do not come from the server: what they may do is nothing, unless --allow-origin names them.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { in_lanes } from '../check.mjs';
import { Holdline } from '../holdline.mjs';
import { attempts } from '../pages/attempts.mjs';
import { FOREIGN } from '../provoked.mjs';

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
  const context = await browser.context();
  try {
    await server.publish('a secret');
    const page = await context.page({ provokes: FOREIGN });
    await page.goto(origin);
    const done = await page.evaluate(attempts, server.url);
    assert.deepEqual(page.complaints, []);
    return { ...done, retained: await retained(server) };
  } finally {
    await context.close();
    await server.kill();
  }
}

const nothing = name => ({
  publish: 'refused',
  publish_unseen: 'unseen',
  publish_by_form: name === 'firefox' ? 'silence' : 'sent', // Firefox tells nobody of an error that is no page
  websocket: 'refused',
  raw: 'refused',
  jsonp: 'refused 403',
  iframe: 'silence',
  iframe_as_own: 'silence',
  fetch: 'refused',
  ndjson: 'refused',
  event_source: 'refused',
  client: 'silence',
  fields: 'refused',
  conditional: 'refused',
  missing: 'refused',
  retained: ['a secret'],
});

const EVERYTHING = {
  publish: 'answered 200',
  publish_unseen: 'unseen',
  publish_by_form: 'sent',
  websocket: 'welcome',
  raw: 'a secret',
  jsonp: 'read 4',
  iframe: 'posted position',
  iframe_as_own: 'silence', // the browser hands it to the page that it names, which is not this one
  fetch: 'read 4',
  ndjson: 'begins with position',
  event_source: 'heard a secret',
  client: 'heard a secret',
  fields: 'cache-control content-length content-type etag holdline-client holdline-session',
  conditional: 'answered 304',
  missing: 'answered 404 application/problem+json',
  retained: ['a secret', 'by cors', 'by no-cors', 'by form=\r\n'],
};

export default async function origins(browser, check) {
  const other = await elsewhere();
  const { port } = other.address();
  try {
    const cases = [['another port', `http://127.0.0.1:${port}`], ['another site', `http://localhost:${port}`]].flatMap(([kind, origin]) => [
      [`a page of ${kind} does nothing and reads nothing`, origin, [], nothing(browser.name)],
      [`a page of ${kind} may do what --allow-origin lets it`, origin, ['--allow-origin', origin], EVERYTHING],
      [`a page of ${kind} gains nothing when another origin is allowed`, origin, ['--allow-origin', 'https://app.example'], nothing(browser.name)],
    ]);
    await in_lanes(cases, ([sentence, origin, flags, expected]) => check(sentence, async () => {
      assert.deepEqual(await tried(browser, origin, flags), expected);
    }));
    await check('a foreign name that leads here is answered 421', () => rebinding(browser));
  } finally {
    other.close();
  }
}

async function rebinding(browser) {
  const server = await Holdline.start('--listen', '127.0.0.1:0');
  const context = await browser.context();
  try {
    const page = await context.page({ provokes: [/status of 421/] });
    assert.equal(await page.goto(server.url.replace('127.0.0.1', 'rebound.example')), 421);
    assert.deepEqual(page.complaints, []);
  } finally {
    await context.close();
    await server.kill();
  }
}
