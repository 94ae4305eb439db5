// The browser client of holdline, also for Node: one line to the server over whatever gets through. Each message comes
// once and in order, or a gap is told. A transport is a way to read from a cursor, so each is one small function, and
// Line.#deliver alone decides what is new. This file is an ES module and a plain script at once: see its last line.
globalThis.holdline = (() => {
  'use strict';

  /** A request or a connection that was refused. `status` is of HTTP, `code` of a WebSocket's close. */
  class HoldlineError extends Error {
    name = 'HoldlineError';
    constructor(message, fields) {
      super(message);
      Object.assign(this, fields);
    }
  }

  const DEFAULTS = {
    transports: ['websocket', 'sse', 'ndjson', 'long-poll'],
    heartbeat: 15000, // the server's --heartbeat
    patience: 4000, // for the first byte: every stream says something at once, unless a proxy collects it
    wait: 25, // seconds that a long poll is held; most proxies wait 60
    backoff: 500,
    backoffMax: 30000,
    upgrade: 60000, // on a worse transport, look for a better one after this
  };
  /** A request names at most so many channels; WebSockets add the others. */
  const CHANNELS_MAX = 64;
  /** Where coming back is of no use. */
  const FINAL = [204, 400, 401, 403, 404, 410, 4001, 4003, 4004];
  /** After so many links that break soon, or fail where they worked, try another transport. */
  const STRIKES = 3;
  const FOREVER = 2 ** 31 - 1;

  const isDenied = (error) => error.status === 401 || error.code === 4001;
  const key = (id) => id.split('-').map((number) => number.padStart(20, '0')).join();
  const isAfter = (id, other) => key(id) > key(other);
  const pathOf = (channel) => channel.split('/').map(encodeURIComponent).join('/');
  const random = () => crypto.randomUUID().replaceAll('-', '');
  const isBytes = (data) => data instanceof ArrayBuffer || ArrayBuffer.isView(data);
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const base64Of = (data) => {
    const bytes = data.buffer ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  };

  const bodyOf = (data, type) => {
    if (data === undefined) return { type };
    if (typeof data === 'string') return { body: data, type: type ?? 'text/plain' };
    if (isBytes(data) || data instanceof Blob) return { body: data, type: type ?? (data.type || 'application/octet-stream') };
    return { body: JSON.stringify(data), type: type ?? 'application/json' };
  };
  const dataOf = async (response) => {
    const type = response.headers.get('content-type') ?? '';
    if (response.status === 204) return undefined;
    if (/[/+]json\b/.test(type)) return response.json();
    return /^text\//.test(type) ? response.text() : new Uint8Array(await response.arrayBuffer());
  };

  const problemOf = async (response) => {
    const isProblem = /problem\+json/.test(response.headers.get('content-type'));
    const problem = isProblem ? await response.json() : {};
    const after = response.headers.get('retry-after');
    const wait = after && (/^\d+$/.test(after) ? after * 1000 : Date.parse(after) - Date.now());
    const text = problem.detail ?? `the server answered ${response.status}`;
    return new HoldlineError(text, { status: response.status, problem, isProblem, wait: wait > 0 ? wait : undefined });
  };

  /** The lines of a body as they come. What a cut leaves of a line is none. */
  async function* linesOf(link, response) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (let rest = ''; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      link.beat();
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop();
      for (const line of lines) yield line.replace(/\r$/, '');
    }
  }

  /** A poll after the other; `get` fetches one batch. The first is not held, so that it tells whether this works. */
  const polling = async (link, get) => {
    for (let wait = 0; ; wait = link.wait()) {
      link.limit = wait * 1000 + link.patience;
      const began = Date.now();
      const batch = await get({ wait });
      if (!batch) continue;
      if (batch.error) throw new HoldlineError(batch.error.detail, { ...batch.error, isProblem: true });
      link.hear({ notice: 'position', client: batch.client });
      for (const told of [...batch.notices, ...batch.messages]) link.hear(told);
      link.hear({ notice: 'position', cursor: batch.next });
      // Whoever does not hold polls must not be asked without a pause.
      const isEmpty = !batch.messages.length && !batch.notices.length;
      if (wait && isEmpty && Date.now() - began < 500) await new Promise((go) => setTimeout(go, 1000));
    }
  };

  /** Each resolves or rejects when it has ended, tells all it hears to `link`, and ends by `link.signal`. */
  const TRANSPORTS = {
    async websocket(link) {
      const url = await link.url({}, true);
      url.protocol = url.protocol.replace('http', 'ws');
      link.signal.throwIfAborted();
      const socket = new link.WebSocket(url, 'holdline.v1');
      await new Promise((_, fail) => {
        link.signal.addEventListener('abort', () => {
          socket.close();
          fail(link.signal.reason);
        });
        link.send = (command) => socket.send(JSON.stringify(command));
        socket.onmessage = ({ data }) => link.tell(data);
        socket.onclose = ({ code, reason }) => {
          fail(new HoldlineError(reason || `the WebSocket closed with ${code}`, { code }));
        };
      });
    },

    // By fetch and not by EventSource, which hides status, comments (the heartbeat), Retry-After and its own retry.
    async sse(link) {
      const response = await link.fetch(await link.url({ envelope: 1 }), 'text/event-stream');
      let event = {};
      for await (const line of linesOf(link, response)) {
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
        if (name === 'retry') link.retry = +value;
        else if (name === 'data' && event.data !== undefined) event.data += `\n${value}`;
        else if (line) event[name] = value;
        else {
          const { id, data } = event;
          if (event.event === 'holdline:position') {
            link.hear({ ...(data && JSON.parse(data)), notice: 'position', cursor: id });
          } else if (data) link.tell(data);
          event = {};
        }
      }
    },

    async ndjson(link) {
      const response = await link.fetch(await link.url({}), 'application/x-ndjson');
      for await (const line of linesOf(link, response)) if (line) link.tell(line);
    },

    'long-poll': (link) => polling(link, async ({ wait }) => {
      const held = new AbortController();
      const stop = () => held.abort(link.signal.reason);
      link.signal.addEventListener('abort', stop);
      link.again = () => held.abort();
      try {
        const response = await link.fetch(await link.url({ wait }), 'application/json', held.signal);
        return await response.json();
      } catch (error) {
        // Other channels are wanted: the next poll names them.
        if (held.signal.aborted && !link.signal.aborted) return null;
        if (wait) link.shorten();
        throw error;
      } finally {
        link.signal.removeEventListener('abort', stop);
      }
    }),

    jsonp: (link) => polling(link, async ({ wait }) => {
      const name = `holdline_${random()}`;
      const script = document.createElement('script');
      script.src = await link.url({ wait, callback: name }, true);
      try {
        return await new Promise((give, fail) => {
          globalThis[name] = give;
          link.again = () => give(null);
          link.signal.addEventListener('abort', () => fail(link.signal.reason));
          script.onerror = script.onload = () => fail(new HoldlineError('the script did not load, or not all of it'));
          document.head.append(script);
        });
      } finally {
        script.remove();
        globalThis[name] = () => delete globalThis[name]; // a script that is late still calls it
      }
    }),

    async iframe(link) {
      const frame = document.createElement('iframe');
      frame.hidden = true;
      const src = await link.url({ transport: 'iframe', origin: location.origin }, true);
      let hear;
      try {
        await new Promise((end, fail) => {
          hear = ({ source, data }) => {
            if (source !== frame.contentWindow) return;
            if (data.notice !== 'reload') return link.hear(data);
            link.isDone = true;
            end();
          };
          addEventListener('message', hear);
          link.signal.addEventListener('abort', () => fail(link.signal.reason));
          frame.src = src;
          document.body.append(frame);
        });
      } finally {
        removeEventListener('message', hear);
        frame.remove();
      }
    },
  };

  class Line {
    #options;
    #base;
    #token;
    #names;
    #level = 0; // of #names: what is tried, or in use
    #proven = -1; // the level that last worked
    #begin = {}; // since or last, until there is a cursor
    #cursor;
    #channels = new Set();
    /** Channels that are behind the cursor: { at, live: on this link, since: asked for by the page }. */
    #behind = new Map();
    #link;
    #listeners = new Map();
    #state = 'connecting';
    #wake = () => {};
    #isChosen;
    #isReached = false; // by HTTP, ever
    #climbing;
    #posts = Promise.resolve();

    constructor(url, options) {
      const { channels = [], since, last, ...rest } = options;
      this.#options = { ...DEFAULTS, ...rest };
      this.#base = new URL(url ?? '/', globalThis.location?.href);
      this.#base.protocol = this.#base.protocol.replace('ws', 'http');
      this.#base.search = this.#base.hash = '';
      if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
      this.#names = [...this.#options.transports];
      this.#isChosen = options.transports;
      for (const name of this.#names) if (!TRANSPORTS[name]) throw new TypeError(`there is no transport ${name}`);
      this.#channels = new Set(channels);
      if (/^\d+-\d+$/.test(since)) this.#cursor = since;
      else this.#begin = { since, last };
      this.session = this.#options.session ?? random();
      this.#climbing = { after: this.#options.upgrade };
      const { signal } = this.#options;
      if (signal?.aborted) return void this.close();
      signal?.addEventListener('abort', this.close);
      globalThis.addEventListener?.('online', this.#online);
      this.#run();
    }

    get state() { return this.#state; }
    get transport() { return this.#state === 'open' ? this.#link.name : undefined; }
    get cursor() { return this.#cursor; }
    get channels() { return [...this.#channels]; }

    // Listeners.

    on(event, f) {
      const all = this.#listeners.get(event) ?? new Set();
      this.#listeners.set(event, all.add(f));
      return () => this.off(event, f);
    }

    once(event, f) {
      const off = this.on(event, (told) => {
        off();
        f(told);
      });
      return off;
    }

    off(event, f) {
      this.#listeners.get(event)?.delete(f);
    }

    #emit(event, told) {
      for (const f of [...this.#listeners.get(event) ?? []]) {
        try {
          f(told);
        } catch (error) {
          // A listener's fault is the page's to see, and not the line's to die of.
          queueMicrotask(() => { throw error; });
        }
      }
    }

    /** What concerns one channel: its messages by `event` or all as `message`, its notices as `holdline:gap` and so on. */
    channel(name) {
      return {
        name,
        on: (event, f) => this.subscribe(name).on(`${name}\n${event}`, f),
        once: (event, f) => this.subscribe(name).once(`${name}\n${event}`, f),
        off: (event, f) => this.off(`${name}\n${event}`, f),
        subscribe: (options) => this.subscribe(name, options),
        unsubscribe: () => this.unsubscribe(name),
        publish: (data, options) => this.publish(name, data, options),
        ask: (data, options) => this.ask(name, data, options),
        presence: (options) => this.presence(name, options),
      };
    }

    async *[Symbol.asyncIterator]() {
      const waiting = [];
      let go = () => {};
      const offs = [this.on('message', (message) => { waiting.push(message); go(); }), this.on('state', () => go())];
      try {
        for (;;) {
          while (waiting.length) yield waiting.shift();
          if (this.#state === 'closed') {
            if (this.error) throw this.error;
            return;
          }
          await new Promise((resolve) => { go = resolve; });
        }
      } finally {
        for (const off of offs) off();
      }
    }

    // Channels.

    /** `since`: an id, or `start`; without it from where the line is. */
    subscribe(name, { since } = {}) {
      if (this.#channels.has(name)) return this;
      this.#channels.add(name);
      if (since || this.#cursor) this.#behind.set(name, { at: since === 'start' ? '0-0' : since ?? this.#cursor, since });
      this.#sync();
      return this;
    }

    unsubscribe(name) {
      this.#channels.delete(name);
      this.#behind.delete(name);
      this.#sync();
      return this;
    }

    /** Tells the link, which has its own idea of the channels, what has changed. All changes of a turn go together. */
    #sync() {
      queueMicrotask(() => {
        const link = this.#link;
        if (this.#state === 'idle') this.#wake();
        if (this.#state !== 'open' || link.signal.aborted) return;
        const add = [...this.#channels].filter((name) => !link.channels.has(name));
        const remove = [...link.channels].filter((name) => !this.#channels.has(name));
        if (!add.length && !remove.length) return;
        link.channels = new Set(this.#channels);
        if (!link.channels.size) return link.reopen();
        if (link.again) return link.again();
        if (!link.send) return this.#change(link, add, remove);
        if (remove.length) link.send({ type: 'unsubscribe', channels: remove });
        for (const name of add) this.#add(link, name);
      });
    }

    async #add(link, name) {
      try {
        const since = this.#behind.get(name)?.at ?? this.#cursor;
        const told = await link.ask({ type: 'subscribe', channels: [name], since });
        this.#live(link, name, told.since);
      } catch (error) {
        if (link.signal.aborted) return;
        this.#channels.delete(name);
        this.#behind.delete(name);
        this.#emit('error', error);
      }
    }

    /** The channels of a stream; it is opened anew where that is not possible, or would not begin where it should. */
    async #change(link, add, remove) {
      if (add.some((name) => this.#behind.get(name)?.since)) return link.reopen();
      try {
        await this.#call('POST', `clients/${this.session}/subscriptions`, {
          body: JSON.stringify({ add, remove }),
          type: 'application/json',
        });
        for (const name of add) this.#behind.delete(name);
      } catch {
        if (add.length) link.reopen();
      }
    }

    /** A channel is on the link: all that the link tells moves it on. */
    #live(link, name) {
      const behind = this.#behind.get(name);
      if (!behind || link !== this.#link) return;
      behind.live = true;
      if (!isAfter(this.#cursor, behind.at)) this.#behind.delete(name);
    }

    // Reading.

    async #run() {
      let failures = 0;
      let strikes = 0;
      let denials = 0;
      while (this.#state !== 'closed') {
        if (!this.#channels.size) {
          this.#become('idle');
          await this.#sleep(FOREVER);
          continue;
        }
        this.#become('connecting');
        let link = this.#start(this.#level, failures);
        let error = await link.done;
        while (link.next) error = await (link = link.next).done;
        clearTimeout(this.#climbing.timer);
        if (this.#state === 'closed') return;
        if (link.isDone) continue;

        const lived = Date.now() - link.began;
        if (lived > this.#climbing.after) this.#climbing.after = this.#options.upgrade;
        if (link.moved || (link.heard && lived > link.patience)) failures = denials = 0;
        let wait = error?.wait ?? link.shutdown;
        const isLast = this.#level === this.#names.length - 1;
        if (isDenied(error ?? {}) && typeof this.#options.token === 'function' && !denials++) this.#token = undefined;
        // A refusal that is not in the server's own words may be a proxy's, which may let another transport through.
        else if (FINAL.includes(error?.status ?? error?.code)
          && (error.isProblem || error.code || error.status === 204 || isLast)) return this.#end(error);
        else {
          strikes = link.heard && (link.shutdown || lived >= link.patience) ? 0 : strikes + 1;
          const isGood = link.heard || this.#proven === this.#level || (wait ?? link.retry) !== undefined;
          if (strikes >= (isGood ? STRIKES : 1)) {
            strikes = 0;
            this.#proven = -1;
            if (!isLast) {
              this.#level += 1;
              if (wait === undefined) continue;
            } else if (!link.heard) this.#around();
          }
        }
        if (wait === undefined) {
          const { backoff, backoffMax } = this.#options;
          wait = Math.max(link.retry ?? 0, Math.min(backoffMax, backoff * 2 ** failures) * (0.5 + Math.random() / 2));
        }
        failures += 1;
        await this.#pause(wait, error);
      }
    }

    /** All were tried: from the best again, and for a page of another origin with what needs no permission to ask. */
    #around() {
      this.#level = 0;
      const isForeign = globalThis.document && this.#base.origin !== location.origin;
      if (isForeign && !this.#isReached && !this.#isChosen && !this.#names.includes('jsonp')) {
        this.#names.push('iframe', 'jsonp');
      }
    }

    /** Opens a link by the transport at `level`. `link.done` resolves when it has ended, with the error if it did so by one. */
    #start(level, failures = 0) {
      const name = this.#names[level];
      let opened;
      const end = new AbortController();
      const { heartbeat, patience, WebSocket } = this.#options;
      const link = {
        name,
        level,
        began: Date.now(),
        at: Date.now(), // when something was last heard
        patience: patience * 2 ** Math.min(failures, 3),
        limit: 2 * heartbeat, // of silence
        channels: new Set([...this.#channels].filter((channel) => this.#cursor || !this.#behind.has(channel))),
        replies: new Map(),
        opened: new Promise((resolve) => { opened = resolve; }),
        opens: () => opened(),
        signal: end.signal,
        WebSocket: WebSocket ?? globalThis.WebSocket,
        end: (error) => end.abort(error),
        reopen: () => {
          link.isDone = true;
          end.abort();
        },
        beat: () => { link.at = Date.now(); },
        hear: (told) => {
          if (end.signal.aborted) return;
          link.beat();
          this.#take(link, told);
        },
        tell: (text) => {
          try {
            link.hear(JSON.parse(text));
          } catch (error) {
            end.abort(error);
          }
        },
        ask: (command) => new Promise((give, fail) => {
          const ref = link.replies.size + (link.asks = (link.asks ?? 0) + 1);
          link.replies.set(ref, { give, fail });
          link.send({ ...command, ref });
        }),
        url: (params, isBare) => this.#address(link, params, isBare),
        fetch: async (url, accept, signal = end.signal) => {
          const response = await this.#fetch(url, { headers: { Accept: accept }, cache: 'no-store', signal });
          this.client = response.headers.get('holdline-client') ?? this.client;
          if (response.status !== 200) throw await problemOf(response);
          return response;
        },
        wait: () => this.#options.wait,
        shorten: () => { this.#options.wait = Math.max(1, this.#options.wait >> 1); },
      };
      const opening = setTimeout(() => link.heard || end.abort(new HoldlineError(`${name} says nothing`)), link.patience);
      const watch = setInterval(() => {
        const silence = Date.now() - link.at;
        if (silence > link.limit && link.heard) end.abort(new HoldlineError(`${name} fell silent`));
        // A page does not see the pings of a WebSocket, so it asks itself.
        else if (link.heard && link.send && silence > heartbeat / 2) link.send({ type: 'ping' });
      }, heartbeat / 2);
      link.done = TRANSPORTS[name](link).then(() => undefined, (error) => error).finally(() => {
        clearTimeout(opening);
        clearInterval(watch);
        end.abort();
        for (const { fail } of link.replies.values()) fail(new HoldlineError('the connection ended before the answer', { status: 0 }));
      });
      return link;
    }

    /** The least position of all channels: from there on nothing is missed. */
    #least() {
      let least = this.#cursor;
      for (const { at } of this.#behind.values()) if (least && isAfter(least, at)) least = at;
      return least;
    }

    async #address(link, params, isBare) {
      const { name, presence } = this.#options;
      link.asked = this.#least();
      const query = {
        ...(link.asked ? { since: link.asked } : this.#begin),
        session: this.session,
        name,
        presence: presence ? 1 : undefined,
        ...params,
      };
      for (const [channel, behind] of this.#behind) behind.live = link.channels.has(channel);
      if (isBare) Object.assign(query, await this.#ticket());
      const url = this.#to('channels', query);
      for (const channel of [...link.channels].slice(0, CHANNELS_MAX)) url.searchParams.append('channel', channel);
      return url;
    }

    /** The first word on a link: it works, and takes over from the one before. */
    #adopt(link, cursor) {
      link.heard = true;
      link.opens();
      // The server does not know the position that was asked for: what follows lies before it, and a gap is told.
      if (cursor && link.asked && isAfter(link.asked, cursor)) this.#reset(link, cursor);
      const old = this.#link;
      this.#link = link;
      if (old && !old.signal.aborted) {
        old.next = link;
        old.end();
        for (const [name, behind] of this.#behind) {
          behind.live = link.channels.has(name);
          behind.since ??= behind.at;
        }
      }
      this.#level = this.#proven = link.level;
      this.#become('open');
      this.#climb();
      this.#sync();
    }

    #reset(link, cursor) {
      this.#cursor = link.asked = cursor;
      this.#behind.clear();
    }

    #move(id) {
      if (!this.#cursor || isAfter(id, this.#cursor)) this.#cursor = id;
      for (const [name, behind] of this.#behind) {
        if (!behind.live) continue;
        if (isAfter(id, behind.at)) behind.at = id;
        if (!isAfter(this.#cursor, behind.at)) this.#behind.delete(name);
      }
    }

    #take(link, told) {
      const { type, notice, ref, client, since, cursor = since } = told;
      delete told.type;
      if (type === 'pong') return;
      if (type === 'reply') {
        const { give, fail } = link.replies.get(ref) ?? { fail: (error) => this.#emit('error', error) };
        link.replies.delete(ref);
        const { error } = told;
        if (error) fail(new HoldlineError(error.detail, { status: error.status, problem: error, isProblem: true }));
        else give?.(told);
        return;
      }
      if (!link.heard) this.#adopt(link, cursor);
      if (client && !told.channel) this.client = client;
      if (type === 'welcome' || notice === 'position') {
        if (!cursor) return;
        this.#move(cursor);
        this.#emit('position', { notice: 'position', cursor });
      } else if (notice) this.#notice(link, told);
      else if (told.id) this.#deliver(link, told);
    }

    #notice(link, told) {
      const { notice, channel } = told;
      if (channel && !this.#channels.has(channel)) return;
      if (notice === 'gap' && !this.#isGap(link, told)) return;
      if (notice === 'shutdown') link.shutdown = told.reconnect_ms;
      if (notice === 'closed') {
        for (const all of [this.#channels, this.#behind, link.channels]) all.delete(channel);
      }
      this.#emit(notice, told);
      if (channel) this.#emit(`${channel}\nholdline:${notice}`, told);
      if (notice === 'closed' && !this.#channels.size) {
        this.#end(new HoldlineError('all channels were deleted', { status: 410 }));
      }
    }

    /** Is it one for the page, which may have had what is lost by now, by another link? */
    #isGap(link, { channel, after, resumes }) {
      const behind = this.#behind.get(channel);
      if (behind?.since === 'start') return false;
      const asked = behind && isAfter(link.asked, behind.at) ? behind.at : link.asked;
      if (asked && isAfter(asked, after)) {
        if (behind) behind.at = after;
        else this.#reset(link, after);
      }
      return isAfter(resumes, behind?.at ?? this.#cursor ?? '0-0');
    }

    #deliver(link, message) {
      const { id, channel, event, replay } = message;
      const behind = this.#behind.get(channel);
      const at = behind ? behind.at : this.#cursor;
      const isNew = !at || isAfter(id, at);
      if (!replay || !behind) this.#move(id);
      else if (isNew) behind.at = id;
      if (!isNew || (!this.#channels.has(channel) && !channel.startsWith('@'))) return;
      link.moved = true;
      if (message.data_base64 !== undefined) {
        message.data = bytesOf(message.data_base64);
        delete message.data_base64;
      }
      this.#emit('message', message);
      this.#emit(`${channel}\nmessage`, message);
      if (event && event !== 'message') this.#emit(`${channel}\n${event}`, message);
      if (message.ask) {
        this.#emit('ask', message);
        this.#emit(`${channel}\nholdline:ask`, message);
      }
    }

    /** On a worse transport: looks for a better one beside it after a while, and ever more seldom. */
    #climb() {
      clearTimeout(this.#climbing.timer);
      if (!this.#level) return;
      this.#climbing.timer = setTimeout(async () => {
        this.#climbing.after = Math.min(FOREVER, this.#climbing.after * 2);
        const now = this.#link;
        for (let level = 0; level < now.level; level += 1) {
          if (this.#link !== now || now.signal.aborted || this.#behind.size) break;
          const link = this.#start(level);
          await Promise.race([link.done, link.opened]);
        }
        if (this.#link === now && !now.signal.aborted) this.#climb();
      }, this.#climbing.after);
    }

    #become(state, error) {
      if (this.#state === state || this.#state === 'closed') return;
      this.#state = state;
      this.error = error;
      this.#emit('state', { state, transport: this.transport, error });
    }

    #sleep(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }

    async #pause(ms, error) {
      const isOffline = globalThis.navigator?.onLine === false;
      this.#become(isOffline ? 'offline' : 'waiting', error);
      // A server on this machine is there without a network too.
      await this.#sleep(isOffline && !/^(localhost|127\..*|\[::1\])$/.test(this.#base.hostname) ? FOREVER : ms);
    }

    /** Another network, perhaps: what was open may be dead without having said so. */
    #online = () => {
      this.#link?.reopen();
      this.#wake();
    };

    close = () => this.#end();

    #end(error) {
      this.#become('closed', error);
      this.#link?.end();
      clearTimeout(this.#climbing.timer);
      globalThis.removeEventListener?.('online', this.#online);
      this.#options.signal?.removeEventListener('abort', this.close);
      this.#wake();
    }

    // Requests.

    #to(path, query = {}) {
      const url = new URL(path, this.#base);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.append(name, value);
      }
      return url;
    }

    async #bearer() {
      const { token } = this.#options;
      this.#token ??= typeof token === 'function' ? await token() : token;
      return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    }

    /** For what cannot send headers: a ticket, so that no secret stands in a URL that lives for long. */
    async #ticket() {
      if (!this.#options.token) return {};
      const response = await this.#fetch(this.#to('tickets'), { method: 'POST' });
      if (response.status === 404) return { token: this.#token };
      if (!response.ok) throw await problemOf(response);
      const { ticket } = await response.json();
      return { ticket };
    }

    async #fetch(url, { headers, ...init }) {
      const fetch = this.#options.fetch ?? globalThis.fetch;
      const response = await fetch(url, { ...init, headers: { ...await this.#bearer(), ...headers } });
      this.#isReached = true;
      return response;
    }

    /** A request, again after a network error or an overload if `tries` allows: only what may be done twice. */
    async #call(method, path, { query, body, type, headers = {}, signal, tries = 1 } = {}) {
      if (type) headers['Content-Type'] = type;
      for (let n = 1; ; n += 1) {
        let wait = Math.min(this.#options.backoffMax, this.#options.backoff * 2 ** n);
        try {
          const response = await this.#fetch(this.#to(path, query), { method, body, headers, signal });
          if (response.ok || response.headers.has('holdline-ask')) return response;
          const error = await problemOf(response);
          const isDue = error.status === 429 || error.status >= 502;
          if (error.status === 401 && typeof this.#options.token === 'function' && n === 1) this.#token = undefined;
          else if (!isDue || n >= tries) throw error;
          wait = error.wait ?? wait;
        } catch (error) {
          if (error.status || signal?.aborted || this.#state === 'closed' || n >= tries) throw error;
        }
        await new Promise((go) => setTimeout(go, wait * (0.5 + Math.random() / 2)));
        signal?.throwIfAborted();
      }
    }

    /** Resolves to `{ id }`. Over the WebSocket if it is open; else, or with an `idempotencyKey`, by POST, in order. */
    async publish(channel, data, { signal, idempotencyKey, contentType, ...options } = {}) {
      if (options.retain === false) options.retain = 0;
      const link = this.#link;
      if (this.#state === 'open' && link.send && !idempotencyKey && !contentType && !(data instanceof Blob)) {
        const content = isBytes(data) ? { data_base64: base64Of(data) } : { data: data ?? null };
        const { id } = await link.ask({ type: 'publish', channel, ...options, ...content });
        return { id };
      }
      const post = async () => (await this.#call('POST', `channels/${pathOf(channel)}`, {
        query: options,
        ...bodyOf(data, contentType),
        headers: { 'Idempotency-Key': idempotencyKey ?? random() },
        signal,
        tries: 5,
      })).json();
      const posted = this.#posts.then(post);
      this.#posts = posted.catch(() => {});
      return posted;
    }

    /** Asks whoever listens, until somebody answers, the question expires or `signal` withdraws it. */
    async ask(channel, data, { signal, wait = this.#options.wait, idempotencyKey = random(), contentType, ...options } = {}) {
      signal?.throwIfAborted();
      const asked = await this.#call('POST', `ask/${pathOf(channel)}`, {
        query: { ...options, wait: 0 },
        ...bodyOf(data, contentType),
        headers: { 'Idempotency-Key': idempotencyKey },
        tries: 5,
      });
      const path = `asks/${asked.headers.get('location')?.split('/').pop()}`;
      try {
        let response = asked;
        while (response.status === 202 && response.headers.get('holdline-ask') === 'pending') {
          response = await this.#call('GET', path, { query: { wait }, signal, tries: Infinity });
        }
        return {
          status: response.status,
          data: await dataOf(response),
          outcome: response.headers.get('holdline-ask'),
          answeredBy: response.headers.get('holdline-answered-by') ?? undefined,
          subscribers: +response.headers.get('holdline-subscribers'),
        };
      } catch (error) {
        if (signal?.aborted) await this.#call('DELETE', path, { tries: 5 }).catch(() => {});
        throw error;
      }
    }

    async answer(ask, data, { status, contentType, signal } = {}) {
      await this.#call('POST', `asks/${ask}`, { query: { status }, ...bodyOf(data, contentType), signal });
    }

    async presence(channel, { signal } = {}) {
      return (await this.#call('GET', `presence/${pathOf(channel)}`, { signal, tries: 3 })).json();
    }
  }

  return { connect: (url, options) => (typeof url === 'object' && !(url instanceof URL) ? new Line(undefined, url) : new Line(url, options ?? {})), HoldlineError };
})();

// A script divides by the string that begins inside the slashes; a module awaits the pattern /"/ and goes on to export.
typeof await /"/; export const { connect, HoldlineError } = globalThis.holdline; export default globalThis.holdline; //";
