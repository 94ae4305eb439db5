// A holdline of our own, as a user starts it, and what the tests wait with.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const BINARY = process.env.HOLDLINE_BIN ?? new URL('../../target/debug/holdline', import.meta.url).pathname;

export class Server {
  static async start(...flags) {
    const server = new Server();
    const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    server.child = spawn(BINARY, ['--log', 'error', ...listen, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(server.child.stdout), 'line');
    server.url = /listening on (http:\S+)/.exec(line)[1];
    server.port = Number(new URL(server.url).port);
    return server;
  }

  async kill(signal = 'SIGKILL') {
    if (this.child.exitCode !== null || this.child.signalCode) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  async publish(channel, data, query = '') {
    const answer = await fetch(`${this.url}/channels/${channel}${query}`, { method: 'POST', body: String(data) });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()).id;
  }

  async publishAll(channel, all) {
    const body = all.map((data) => JSON.stringify({ channel, data })).join('\n');
    const answer = await fetch(`${this.url}/publish`, { method: 'POST', body, headers: { 'Content-Type': 'application/x-ndjson' } });
    return (await answer.json()).ids;
  }

  /** Resolves when a poll is held: what is told before it, between two polls, nobody hears. */
  async holdsPoll() {
    while ((await (await fetch(`${this.url}/stats`)).json()).parked === 0);
  }
}

/** Resolves as soon as `line` tells `event` and `is` says so; to what was told. */
export const heard = (line, event, is = () => true) => new Promise((resolve) => {
  const off = line.on(event, (told) => {
    if (!is(told)) return;
    off();
    resolve(told);
  });
});

/** Resolves when `line` is in `state`. */
export const reached = (line, state) => (line.state === state ? line : heard(line, 'state', (told) => told.state === state));

/** Everything that a line tells of messages and gaps, and a promise for so many of them. */
export class Record {
  constructor(line) {
    this.all = [];
    this.gaps = [];
    this.waiting = new Set();
    line.on('message', (message) => this.#add(this.all, message));
    line.on('gap', (gap) => this.#add(this.gaps, gap));
  }

  #add(list, told) {
    list.push(told);
    for (const look of this.waiting) look();
  }

  get data() { return this.all.map((message) => message.data); }

  until(is) {
    return new Promise((resolve) => {
      const look = () => {
        if (!is(this)) return;
        this.waiting.delete(look);
        resolve(this);
      };
      this.waiting.add(look);
      look();
    });
  }

  count(length) { return this.until(({ all }) => all.length >= length); }
}

export const range = (from, to) => Array.from({ length: to - from }, (_, index) => String(from + index));
