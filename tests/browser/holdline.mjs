// A holdline of our own, as a user starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export class Holdline {
  static start(...flags) { return Holdline.run(process.env.HOLDLINE, ...flags); }

  /** Any program that says where it listens as holdline does. */
  static async run(program, ...flags) {
    const server = new Holdline();
    const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    server.child = child;
    running.add(child);
    server.ended = once(child, 'exit').finally(() => running.delete(child));
    server.log = '';
    child.stderr.on('data', data => { server.log = (server.log + data).slice(-20000); });
    const line = await Promise.race([
      once(createInterface(child.stdout), 'line').then(([line]) => line),
      server.ended.then(() => { throw new Error(`${program} did not start: ${server.log}`); }),
    ]);
    server.url = /listening on (http:\S+)/.exec(line)[1];
    server.address = new URL(server.url).host;
    return server;
  }

  /** At once, without a word to anybody. */
  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.ended;
  }

  async publish(data, query = '', channel = 'demo') {
    const answer = await fetch(`${this.url}/channels/${channel}${query}`, { method: 'POST', body: data });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`not published: ${said.detail}`);
    return said;
  }
}
