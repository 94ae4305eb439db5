// Unmodified clients from npm, and what they hear.
import io_v4 from 'socket.io-client';
import io_v3 from 'socket.io-client-3';
import { until } from '../../browser/check.mjs';

export const CLIENTS = { 4: io_v4, 3: io_v3 };
export const TRANSPORTS = {
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
};

/** Each client by each transport: `body(t, io, options, tag)` is a test of its own, and `tag` its name in a channel's. */
export async function by_all(t, body) {
  for (const [version, io] of Object.entries(CLIENTS)) {
    for (const [transport, options] of Object.entries(TRANSPORTS)) {
      await t.test(`socket.io-client ${version}, ${transport}`, t => body(t, io, options, `${transport}-${version}`));
    }
  }
}

/** A client that tries again soon; `url` with the namespace at its end. It begins to connect, and ends with the test. */
export function open(t, url, options = {}, io = io_v4) {
  const socket = io(url, {
    forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 100, randomizationFactor: 0, timeout: 30000, ...options,
  });
  t.after(() => socket.io.engine && (socket.io.reconnection(false), socket.io.engine.close(), socket.disconnect()));
  return new Client(socket);
}

/** As `open`, and connected. */
export async function connect(t, url, options, io) {
  const client = open(t, url, options, io);
  await client.connected();
  return client;
}

/** As `connect`, and by WebSocket after an upgrade. */
export async function connect_upgraded(t, url, options = {}, io) {
  const client = await connect(t, url, { ...TRANSPORTS.upgrade, ...options }, io);
  await client.upgraded();
  return client;
}

/** One socket and all it hears: `heard` holds `[event, …arguments]` in order, without what it was told of itself. */
export class Client {
  constructor(socket) {
    Object.assign(this, { socket, heard: [], refused: [], left: [], recoveries: [] });
    socket.onAny((...said) => this.heard.push(said));
    socket.on('connect_error', error => this.refused.push(error));
    socket.on('disconnect', reason => this.left.push(reason));
    socket.on('connect', () => this.recoveries.push(Boolean(socket.recovered)));
  }

  get id() { return this.socket.id; }

  /** Connected for the `times`th time at least. */
  connected(times = 1) {
    return until(
      () => this.socket.connected && this.recoveries.length >= times,
      () => ({ recoveries: this.recoveries, left: this.left, refused: this.refused.map(String), heard: this.heard.slice(-3) }),
    );
  }

  upgraded() { return until(() => this.socket.io.engine.transport.name === 'websocket'); }

  disconnected() { return until(() => this.left.length > 0); }

  /** Waits until it was refused, and gives the error. */
  async refusal() { return until(() => this.refused[0], () => this.heard); }

  /** All events of this name: their arguments. */
  events(name) { return this.heard.filter(([event]) => event === name).map(([, ...said]) => said); }

  /** Waits until there were so many of that name, and gives all. */
  async hears(name, count = 1) {
    await until(() => this.events(name).length >= count, () => ({ wanted: name, count, heard: this.heard.slice(-20), left: this.left }));
    return this.events(name);
  }

  /** What it heard of messages that are numbers under the name `n`, in order. */
  get numbers() { return this.events('n').map(([data]) => Number(data)); }

  async hears_up_to(last) {
    await until(() => this.numbers.includes(last), () => ({ numbers: this.numbers, left: this.left, heard: this.heard.slice(-3) }));
    return this.numbers;
  }

  /** Emits, and gives the arguments of the acknowledgement. */
  emit(...said) { return new Promise(resolve => this.socket.emit(...said, (...answer) => resolve(answer))); }
}

/** Waits until a message that is published in this channel reaches each of these, so that all before it has. */
export async function settled(server, channel, ...clients) {
  const mark = `mark-${Math.random()}`;
  await server.publish(mark, '?event=mark&retain=0', channel);
  for (const client of clients) {
    await until(() => client.events('mark').some(([data]) => data === mark), () => client.heard.slice(-5));
  }
}
