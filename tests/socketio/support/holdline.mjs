// A holdline for one test, and what is asked of it over HTTP.
import assert from 'node:assert/strict';
import { CuttingProxy } from '../../browser/proxies/cutting.mjs';
import { Holdline } from '../../browser/holdline.mjs';

/** Ends with the test. */
export async function serve(t, ...flags) {
  const server = await Holdline.start('--listen', '127.0.0.1:0', '--log', 'error', ...flags);
  t.after(() => server.kill());
  return server;
}

/** The example that echoes, which takes no flags. */
export async function serve_echo(t) {
  const server = await Holdline.run(process.env.HOLDLINE_ECHO, '127.0.0.1:0');
  t.after(() => server.kill());
  return server;
}

/** A server behind a proxy that cuts; clients are to connect to `proxy.url`. */
export async function serve_behind_proxy(t, ...flags) {
  const server = await serve(t, ...flags);
  const proxy = await CuttingProxy.start(server.address);
  t.after(() => proxy.close());
  return { server, proxy };
}

/** The numbers from `first` to `last`, each a message; gives their ids. */
export async function publish_numbers(server, channel, first, last) {
  const ids = [];
  for (let n = first; n <= last; n += 1) ids.push((await server.publish(String(n), '?event=n', channel)).id);
  return ids;
}

/** `{ status, headers, text, json }` of an answer. */
export async function ask(url, options) {
  const answer = await fetch(url, options);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, get json() { return JSON.parse(text); } };
}

export const post = (url, body, headers = {}) => ask(url, { method: 'POST', body, headers });

/** All that is retained in a channel, as envelopes. */
export async function retained(server, channel) {
  const { status, json } = await ask(`${server.url}/channels/${channel}?since=start&limit=1000`);
  assert.equal(status, 200);
  return json.messages;
}

export const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
