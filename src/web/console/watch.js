// Watch: the numbers of the server, asked for each second while the tab is shown.

const stats_ms = 1000;

/** What is plotted: `value` of now, or `total` whose growth a second is shown. */
const figures = [
  { key: 'connections', name: 'Connections', value: s => s.connections, more: s => plural(s.readers, 'reader') },
  { key: 'messages_in', name: 'Messages in', total: s => s.messages_in, more: s => `${count(s.messages_in)} in all` },
  { key: 'messages_out', name: 'Messages out', total: s => s.messages_out, more: s => `${count(s.messages_out)} in all` },
  { key: 'loop_us', name: 'Loop time', value: s => s.loop_us.p99, show: micros, label: 'p99',
    more: s => `p50 ${micros(s.loop_us.p50)}, longest ${micros(s.loop_us.max)}` },
  { key: 'bytes_in', name: 'Bytes in', total: s => s.bytes_in, show: bytes, more: s => `${bytes(s.bytes_in)} in all` },
  { key: 'bytes_out', name: 'Bytes out', total: s => s.bytes_out, show: bytes, more: s => `${bytes(s.bytes_out)} in all` },
  { key: 'retained_bytes', name: 'Retained', value: s => s.retained_bytes, show: bytes, more: s => plural(s.channels, 'channel') },
  { key: 'slow_readers', name: 'Slow readers', value: s => s.slow_readers, more: s => `${plural(s.gaps, 'gap')} told` },
];

/** What is told, and not plotted. */
const further = [
  ['Readers', s => count(s.readers)], ['Subscriptions', s => count(s.subscribers)], ['Channels', s => count(s.channels)],
  ['Clients', s => s.clients, count], ['Open questions', s => s.asks, count], ['Gaps told', s => count(s.gaps)],
  ['Requests under way', s => count(s.waiting)], ['Encodings made', s => count(s.encoded)],
  ['Encodings cached', s => bytes(s.cached_bytes)], ['Incomplete input', s => bytes(s.incoming_bytes)],
  ['Waiting for slow peers', s => bytes(s.pinned_bytes)],
];

const transport_names = {
  websocket: 'WebSocket', raw: 'WebSocket, raw', sse: 'EventSource', ndjson: 'Fetch stream', iframe: 'Hidden iframe',
  'long-poll': 'Long poll', jsonp: 'JSONP, held', 'socket.io': 'Socket.IO',
};

/** A card for one figure. */
class Tile {
  constructor(figure) {
    Object.assign(this, figure, { plot: new Plot(), show: figure.show ?? (figure.total ? rate : count) });
    this.now = make('span', { class: 'now', text: '–' });
    this.note = make('p', { class: 'more', text: 'no number yet' });
    const unit = figure.total ? '/s' : figure.label ?? '';
    this.top = make('span', { class: 'top-value' });
    element('tiles').append(make('section', { class: 'card tile', 'aria-label': this.name, data: { test: this.key } },
      make('h3', { text: this.name }, this.top), make('p', { class: 'figure' }, this.now, make('small', { text: unit })), this.note, this.plot.node));
    this.row = ['now', 'least', 'most'].map(() => make('td'));
    element('watch-rows').append(make('tr', {},
      make('th', { scope: 'row', text: figure.total ? `${this.name}, per second` : this.name }), ...this.row));
  }

  /** The number of `stats`, as it grew in `passed_s` seconds since `before`. */
  take(stats, before, passed_s) {
    const growth = () => before ? Math.max(0, this.total(stats) - this.total(before)) / passed_s : NaN;
    const value = stats ? (this.total ? growth() : this.value(stats)) : NaN;
    this.plot.add(value);
    if (Number.isFinite(value)) put(this.now, this.show(value));
    if (stats) put(this.note, this.more(stats));
    if (!this.plot.known.length) return;
    const { least, most } = this.plot;
    put(this.top, `max ${this.show(most)}`);
    [value, least, most].forEach((number, index) => put(this.row[index], Number.isFinite(number) ? this.show(number) : '–'));
  }
}

class Bars {
  constructor() {
    this.rows = Object.entries(transport_names).map(([key, name]) => {
      const [bar, number] = [make('span', { class: 'bar' }), make('td', { class: 'number' })];
      element('by-transport').append(make('tr', { data: { test: `open-${key}` } },
        make('th', { scope: 'row', text: name }), make('td', { class: 'track', 'aria-hidden': 'true' }, bar), number));
      return { key, bar, number };
    });
  }

  take(open) {
    const most = Math.max(1, ...Object.values(open));
    for (const { key, bar, number } of this.rows) {
      put(number, count(open[key] ?? 0));
      bar.hidden = !open[key];
      bar.style.inlineSize = `${(100 * (open[key] ?? 0)) / most}%`;
    }
  }
}

class Watch {
  constructor() {
    this.tiles = figures.map(figure => new Tile(figure));
    this.bars = new Bars();
    this.rows = new Map();
  }

  start() {
    this.before = undefined;
    this.is_on = true;
    this.turn(this.run = {});
  }

  stop() { this.run = undefined; }

  /** Asks, shows, and asks again; a page that nobody sees asks nothing. */
  async turn(run) {
    while (this.run === run) {
      const began = performance.now();
      if (!document.hidden) await this.ask(run, began);
      await pause(Math.max(100, stats_ms - (performance.now() - began)));
    }
  }

  async ask(run, at) {
    let stats;
    try {
      stats = await get_json('/stats', { signal: AbortSignal.timeout(5000) });
    } catch (error) {
      if (this.run === run) put(element('watch-state'), `No numbers: ${error.detail ?? 'no connection'}. Asking again each second.`);
    }
    if (this.run !== run) return;
    // A server that was started anew counts from zero.
    const before = stats && this.before?.stats.uptime_s <= stats.uptime_s ? this.before : undefined;
    for (const tile of this.tiles) tile.take(stats, before?.stats, (at - before?.at) / 1000);
    this.before = stats ? { stats, at } : undefined;
    if (stats) this.show(stats);
  }

  show(stats) {
    put(element('watch-state'), '');
    put(element('watch-server'), `holdline ${stats.version}, up ${duration(stats.uptime_s)}`);
    element('watch-empty').hidden = stats.channels > 0;
    this.bars.take(stats.by_transport);
    for (const [name, of, as] of further) {
      const value = of(stats);
      if (value === undefined) continue;
      if (!this.rows.has(name)) {
        const cell = make('dd');
        this.rows.set(name, cell);
        element('watch-further').append(make('div', {}, make('dt', { text: name }), cell));
      }
      put(this.rows.get(name), as ? as(value) : value);
    }
  }
}

const watch = new Watch();
tab('watch', { show: () => watch.start(), hide: () => watch.stop() });
