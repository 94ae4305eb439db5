// Listens to the channel demo by npm's socket.io-client, by the transports that the query names.
const transports = new URLSearchParams(location.search).get('transports').split(',');
const options = { transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 400, timeout: 30000 };
const socket = window.io('/demo', options);

window.page = {
  log: [],
  recoveries: [],
  get state() { return socket.connected ? 'live' : 'connecting'; },
  get transport() { return socket.io.engine?.transport?.name; },
  get id() { return socket.id; },
};
socket.on('connect', () => window.page.recoveries.push(socket.recovered));
const seen = new Set();
socket.onAny((event, data, offset) => {
  // What was missed comes before the answer that the socket is connected, and this client keeps it until then, also
  // when it is cut off again; then it comes anew.
  if (offset && seen.has(offset)) return;
  seen.add(offset);
  if (event === 'holdline:gap') return void window.page.log.push({ gap: [data.after, data.resumes] });
  if (event === 'holdline:shutdown') {
    // Whoever polls may be between two polls when this is said.
    if (transports[0] === 'websocket') window.page.log.push({ notice: 'shutdown' });
    return;
  }
  window.page.log.push({ data, event: event === 'message' ? undefined : event });
});

const listed = value => {
  if (value instanceof ArrayBuffer) return { bytes: [...new Uint8Array(value)] };
  if (Array.isArray(value)) return value.map(listed);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, listed(it)]));
  return value;
};

/** What a second socket hears of what a first one emits, and the ack of it; buffers as lists of bytes. */
window.bytes_both_ways = async channel => {
  const [speaker, listener] = [window.io(`/${channel}`, options), window.io(`/${channel}`, options)];
  await Promise.all([speaker, listener].map(it => new Promise(resolve => it.on('connect', resolve))));
  const heard = new Promise(resolve => listener.on('bytes', (...said) => resolve(said.slice(0, -1))));
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const [answer] = await new Promise(resolve => {
    speaker.emit('bytes', all.buffer, { nested: [all, { deeper: new Uint8Array([30, 0, 255]).buffer }] }, 'text', (...said) => resolve(said));
  });
  const told = { heard: listed(await heard), answer };
  speaker.disconnect();
  listener.disconnect();
  return told;
};
