// A pane: one way of listening to the channel `demo`, what came by it, and how long that took.

const rows_max = 200, backoff_min_ms = 400, backoff_max_ms = 10000;

const notices = {
  gap: n => `Gap: what came after ${n.after}, up to ${n.resumes}, is lost`,
  closed: () => 'The channel was deleted',
  shutdown: () => 'The server is going down',
};

/** What stands for the data of an envelope in one text. */
function shown_data({ data, data_base64: binary }) {
  if (typeof data === 'string') return data;
  return data === undefined ? `base64 ${binary}` : JSON.stringify(data);
}

/** One way of listening. Its `open(link)` begins to listen and gives a function that ends it. */
class Pane {
  constructor({ name, how, group, is_held, open }) {
    Object.assign(this, { name, open, is_held, cursor: '', session: random(), tries: 0, count: 0, bytes: 0, is_cut: false });
    const part = element('pane').content.cloneNode(true);
    this.box = part.querySelector('section');
    this.list = part.querySelector('ol');
    this.button = part.querySelector('button');
    part.querySelector('.name').textContent = name;
    part.querySelector('.how').textContent = how;
    this.box.setAttribute('aria-label', name);
    this.list.setAttribute('aria-label', `Received by ${name}`);
    this.box.id = name.toLowerCase().replaceAll(' ', '-');
    this.button.onclick = () => this.turn(!this.is_cut);
    element(group).append(part);
    this.show('off', 'off');
  }

  /** By the pane's own button. */
  turn(is_cut) {
    this.is_cut = is_cut;
    if (is_cut) this.stop('cut'); else this.start();
  }

  start() {
    this.stop();
    this.show('connecting', 'connecting');
    this.link = new Link(this);
    this.close = this.open(this.link);
  }

  /** Ends what is open; what still comes from it is not heard. */
  stop(why = 'off') {
    clearTimeout(this.timer);
    this.link = null;
    this.close?.();
    this.close = null;
    this.show('off', why);
  }

  show(state, text) {
    this.box.dataset.state = state;
    put(this.box.querySelector('.state'), text);
    put(this.box.querySelector('.count'), this.count ? count(this.count) : '');
    put(this.box.querySelector('.bytes'), bytes(this.bytes));
    put(this.button, this.is_cut ? 'Resume' : 'Cut');
    this.button.setAttribute('aria-label', `${this.button.textContent} ${this.name}`);
    summarize();
  }

  add(kind, id, data, event) {
    const late = make('span', { class: 'late' });
    const text = make('div', { class: 'data' }, late);
    if (event) text.append(make('span', { class: 'event', text: event }));
    text.append(make('span', { class: 'text', text: data }));
    const meta = make('div', { class: 'meta' }, make('time', { text: clock.format(new Date()) }));
    if (id) meta.append(make('code', { class: 'id', text: id }));
    this.list.prepend(make('li', { class: kind }, meta, text));
    while (this.list.childElementCount > rows_max) this.list.lastChild.remove();
    if (id) journeys.arrived(id, ms => {
      put(late, `+${milliseconds(ms)}`);
      put(this.box.querySelector('.latency'), milliseconds(ms));
    });
  }
}

/** When messages of this page's were sent and where they came in: a message may come before its publisher has the id. */
const journeys = {
  known: new Map(),

  at(id) {
    const { known } = this;
    if (!known.has(id)) known.set(id, { waiting: [] });
    if (known.size > rows_max) known.delete(known.keys().next().value);
    return known.get(id);
  },

  sent(id, at) {
    const journey = this.at(id);
    journey.sent = at;
    for (const tell of journey.waiting.splice(0)) tell();
  },

  arrived(id, tell) {
    const at = performance.now(), journey = this.at(id);
    const told = () => tell(at - journey.sent);
    if (journey.sent === undefined) journey.waiting.push(told); else told();
  },
};

/** What a transport tells its pane. Once the pane has gone on to another link, nothing is told any more. */
class Link {
  constructor(pane) { this.pane = pane; }
  get is_on() { return this.pane.link === this; }
  get is_live() { return this.pane.box.dataset.state === 'live'; }
  get poll_ms() { return 1500; }

  url(extra) {
    return `/channels/demo?${new URLSearchParams({ ...extra, since: this.pane.cursor, session: this.pane.session })}`;
  }

  /** Something came: so many bytes of a body. */
  heard(size) {
    if (this.is_on) this.pane.bytes += size;
  }

  live(cursor) {
    if (!this.is_on) return;
    this.pane.tries = 0;
    if (cursor) this.pane.cursor = cursor;
    this.pane.show('live', 'listening');
  }

  waits(why) {
    if (this.is_on) this.pane.show('waiting', why);
  }

  again() {
    if (this.is_on) this.pane.start();
  }

  /** A message or a notice, as every transport has them. */
  envelope(it) {
    if (!this.is_on) return;
    if (it.notice === 'position') return this.live(it.cursor);
    if (it.notice) {
      if (it.reconnect_ms) this.pane.delay_ms = it.reconnect_ms;
      this.pane.add('notice', '', (notices[it.notice] ?? JSON.stringify)(it));
      if (it.resumes) this.live(it.resumes);
      return;
    }
    this.pane.count += 1;
    this.pane.add('message', it.id, shown_data(it), it.event);
    this.live(it.id);
    if (it.event) learn(it.event, it.id);
  }

  batch(batch) {
    if (batch.error) return this.fail(batch.error.detail);
    for (const it of [...batch.notices, ...batch.messages]) this.envelope(it);
    this.live(batch.next);
  }

  /** It broke: again after a while, longer each time, spread so that many pages do not come back as one. */
  fail(why) {
    if (!this.is_on) return;
    const { pane } = this;
    const longest = Math.min(backoff_max_ms, backoff_min_ms * 2 ** pane.tries);
    const delay = pane.delay_ms ?? longest * (0.5 + Math.random() / 2);
    pane.tries += 1;
    pane.delay_ms = undefined;
    pane.stop();
    pane.show('waiting', `${why}; again in ${seconds(delay)}`);
    pane.timer = setTimeout(() => pane.start(), delay);
  }
}
