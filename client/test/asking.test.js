// Questions, answers and presence, and tabs that share one connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../holdline.js';
import { Record, Server, heard, range, reached } from './server.js';

let server;
const lines = [];
before(async () => { server = await Server.start(); });
after(() => {
  for (const line of lines) line.close();
  return server.kill();
});
const opened = async (options) => {
  const line = connect(server.url, { backoff: 10, patience: 500, ...options });
  lines.push(line);
  await reached(line, 'open');
  return line;
};

for (const transport of ['websocket', 'sse', 'long-poll']) {
  test(`${transport}: a question is held until it is answered`, async () => {
    const channel = `ask/${transport}`;
    const answerer = await opened({ channels: [channel], transports: [transport] });
    answerer.on('ask', ({ ask, data }) => answerer.answer(ask, { yes: data.sure }, { status: 201 }));
    const asker = await opened({ channels: ['else'] });
    const answer = await asker.ask(channel, { sure: true }, { wait: 1 });
    assert.deepEqual([answer.status, answer.data, answer.outcome], [201, { yes: true }, 'answered']);
  });
}

test('a question is taken up again after each wait, and withdrawn by a signal', async () => {
  const line = await opened({ channels: ['slow'] });
  const asked = heard(line, 'ask');
  const answer = line.ask('slow', 'sure?', { wait: 1 });
  const { ask } = await asked;
  await new Promise((go) => setTimeout(go, 1200));
  await line.answer(ask, undefined, { status: 204 });
  assert.deepEqual(await answer, { ...await answer, status: 204, data: undefined, outcome: 'answered' });
  await assert.rejects(line.answer(ask, 'late'), { status: 409 });

  const stop = new AbortController();
  const next = heard(line, 'ask');
  const withdrawn = heard(line, 'withdrawn');
  const never = line.ask('slow', 'still?', { signal: stop.signal });
  const { ask: second } = await next;
  stop.abort();
  await assert.rejects(never, { name: 'AbortError' });
  assert.equal((await withdrawn).ask, second);
});

test('who is there is told', async () => {
  const line = await opened({ channels: ['hall'], name: 'Ada' });
  const { clients, count } = await line.presence('hall');
  assert.deepEqual([count, clients[0].name, clients[0].id], [1, 'Ada', line.client]);
});

/** Web Locks, as far as they are used, for a Node that has none. */
const fakeLocks = () => {
  let last = Promise.resolve();
  return {
    request(name, { signal }, hold) {
      const turn = last.then(() => (signal.aborted ? undefined : hold()));
      last = turn;
      return turn;
    },
  };
};

test('tabs share one connection, and the next one takes it over without loss', async () => {
  const locks = fakeLocks();
  const tabs = [];
  for (const channels of [['x'], ['x', 'y'], ['z']]) {
    const line = await opened({ shared: true, locks, channels, since: 'start', heartbeat: 200 });
    tabs.push({ line, record: new Record(line), channels });
  }
  await Promise.all(tabs.slice(1).map(({ line }) => line.transport === 'shared' || heard(line, 'state', ({ transport }) => transport === 'shared')));
  assert.equal(tabs[0].line.transport, 'websocket');
  for (const number of range(0, 30)) {
    for (const channel of ['x', 'y', 'z']) await server.publish(channel, number);
    if (number === '10') tabs.shift().line.close();
    if (number === '20') tabs.shift().line.close();
  }
  await tabs[0].record.count(30);
  assert.deepEqual(tabs[0].record.data, range(0, 30));
});
