// Probes: each transport is opened by itself, and measured until its first byte and until a message that is published
// meanwhile. What comes late or never tells that something between here and the server holds it back.

const first_max_ms = 6000, message_max_ms = 5000;
const padding_bytes = [1, 2, 4, 8, 16, 32].map(k => k * 1024);

/** The ear of one probe: what a transport tells its pane, told here instead. */
class Ear {
  constructor(channel) {
    Object.assign(this, { channel, session: random(), cursor: '', is_on: true, is_live: false, began: performance.now() });
    this.first = new Promise(resolve => { this.tell_first = resolve; });
    this.broken = new Promise(resolve => { this.tell_broken = resolve; });
    this.waiting = new Map();
  }

  get poll_ms() { return 100; }

  url(extra) {
    const query = { ...extra, since: this.cursor, session: this.session };
    if (!query.since) delete query.since;
    return `${channel_path(this.channel)}?${new URLSearchParams(query)}`;
  }

  opened(what) { this.what = what; }
  heard() { this.tell_first(performance.now() - this.began); }
  waits(why) { this.fail(why); }
  again() {}
  fail(why) { if (this.is_on) this.tell_broken(why); }
  live(cursor) { if (cursor) [this.cursor, this.is_live] = [cursor, true]; }

  envelope(it) {
    if (it.cursor) this.live(it.cursor);
    if (!it.id) return;
    this.live(it.id);
    this.waiting.get(it.event)?.(performance.now());
  }

  batch(batch) {
    if (batch.error) return this.fail(batch.error.detail);
    for (const it of batch.messages) this.envelope(it);
    this.live(batch.next);
  }

  /** When the message of that name comes. */
  message(name) { return new Promise(resolve => this.waiting.set(name, resolve)); }
}

const late = ms => pause(ms).then(() => undefined);
const tell = (channel, event, body) =>
  post(`${channel_path(channel)}?${new URLSearchParams({ event, retain: 0 })}`, body);

/** Opens a transport and measures it: `first_ms`, `message_ms`, `broken` (why), `held_bytes` (what it took to come through). */
async function probe_transport(open) {
  const channel = `holdline-check/${random().slice(0, 12)}`;
  const ear = new Ear(channel);
  // An EventSource hears only names that it knows.
  for (const name of ['probe', ...padding_bytes.map(size => `pad${size}`)]) names.add(name);
  const close = open(ear);
  const is_broken = ear.broken.then(why => ({ why }));
  const found = {};
  try {
    const first = await Promise.race([ear.first, is_broken, late(first_max_ms)]);
    if (first?.why) return { broken: first.why };
    found.first_ms = first;
    const sent = performance.now(), arrival = ear.message('probe');
    await tell(channel, 'probe', 'probe');
    const came = await Promise.race([arrival, is_broken, late(message_max_ms)]);
    if (came?.why) return { ...found, broken: came.why };
    if (came !== undefined) found.message_ms = came - sent;
    else found.held_bytes = await push_through(channel, Promise.race([ear.first.then(() => arrival), is_broken]));
    found.what = ear.what;
    return found;
  } catch ({ detail }) {
    return { ...found, refused: detail };
  } finally {
    ear.is_on = false;
    close();
  }
}

/** Publishes more and more until the buffer that holds the stream is full. How many bytes that took, if it came at all. */
async function push_through(channel, arrival) {
  let pushed = 0;
  for (const size of padding_bytes) {
    await tell(channel, `pad${size}`, Array.from({ length: size / 32 }, random).join(''));
    pushed += size;
    const came = await Promise.race([arrival, late(400)]);
    if (came?.why) return undefined;
    if (came !== undefined) return pushed;
  }
  return undefined;
}

const probes = [
  { key: 'websocket', name: 'WebSocket', open: websocket },
  { key: 'sse', name: 'EventSource', open: sse, is_stream: true },
  { key: 'ndjson', name: 'Fetch stream', open: ndjson, is_stream: true },
  { key: 'iframe', name: 'Hidden iframe', open: iframe, is_stream: true },
  { key: 'long-poll', name: 'Long poll', open: long_poll },
  { key: 'poll', name: 'Short poll', open: short_poll },
  { key: 'jsonp', name: 'JSONP', open: jsonp },
];

/** `good`, `slow` or `bad`, a sentence, and what is to be changed. */
function judge_transport({ key, name, is_stream }, found) {
  if (found.refused) return { state: 'bad', text: `Publishing failed: ${found.refused}`, fix: 'refused' };
  if (found.broken && key === 'websocket') return { state: 'bad', text: `The handshake does not get through: ${found.broken}.`, fix: 'websocket' };
  if (found.broken) return { state: 'bad', text: `It broke: ${found.broken}.`, fix: is_stream ? 'timeout' : 'refused' };
  if (found.message_ms === undefined) {
    const held = found.held_bytes ? `until about ${bytes(found.held_bytes)} had come` : `for more than ${seconds(message_max_ms)}`;
    return { state: 'bad', text: `Something holds it back ${held}.`, fix: 'buffering' };
  }
  const slow_ms = { poll: 1200, jsonp: 1200 }[key] ?? 1000;
  if (found.first_ms === undefined || found.first_ms > 2000 || found.message_ms > slow_ms) {
    return { state: 'slow', text: `${name} gets through, late.`, fix: is_stream ? 'buffering' : undefined };
  }
  return { state: 'good', text: 'Gets through at once.' };
}
