// Packets as they are on the wire, for what no client library would send.
import WebSocket from 'ws';
import { until } from '../../browser/check.mjs';
import { ask, post } from './holdline.mjs';

export const SEPARATOR = '\x1e';

/** An Engine.IO session by polling, opened at `base`, which ends with a slash. */
export async function poll_at(base) {
  const answer = await ask(`${base}?EIO=4&transport=polling`);
  const opened = JSON.parse(answer.text.slice(1));
  return new Polling(base, opened);
}

class Polling {
  constructor(base, opened) {
    const query = `?EIO=4&transport=polling&sid=${opened.sid}`;
    Object.assign(this, { opened, base, sid: opened.sid, url: base + query });
  }

  get(options) { return ask(this.url, options); }
  post(body) { return post(this.url, body, { 'content-type': 'text/plain;charset=UTF-8' }); }
  is_gone() { return until(async () => (await this.get()).status === 400); }

  /** The packets of polls, without pings, until there are `count`. */
  async packets(count) {
    const all = [];
    while (all.length < count) all.push(...(await this.get()).text.split(SEPARATOR).filter(packet => packet !== '2'));
    return all;
  }
}

/** A WebSocket at `base`, with `sid` one that probes. Pings of the server are counted, and not answered. */
export async function websocket_at(t, base, query = '?EIO=4&transport=websocket') {
  const wire = new Wire(new WebSocket(base.replace(/^http/, 'ws') + query));
  t.after(() => wire.socket.terminate());
  return wire;
}

export const probe_at = (t, { base, sid }) => websocket_at(t, base, `?EIO=4&transport=websocket&sid=${sid}`);

class Wire {
  constructor(socket) {
    Object.assign(this, { socket, packets: [], pings: 0, is_closed: false });
    socket.on('message', (data, is_binary) => {
      if (String(data) === '2' && !is_binary) this.pings += 1;
      else this.packets.push(is_binary ? data : String(data));
    });
    socket.on('error', () => {});
    socket.on('close', code => Object.assign(this, { is_closed: true, code }));
  }

  /** The next `count` packets that are no pings. */
  async next(count = 1) {
    await until(() => this.packets.length >= count, () => ({ packets: this.packets, is_closed: this.is_closed }));
    return this.packets.splice(0, count);
  }

  opened() { return until(() => this.socket.readyState === WebSocket.OPEN, () => this.is_closed); }
  closed() { return until(() => this.is_closed, () => this.packets); }
  send(...packets) { for (const packet of packets) this.socket.send(packet); }
}
