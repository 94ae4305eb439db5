// holdline's client, for browsers and Node: one line to the server by whatever gets through. Each message comes once
// and in order, or a gap is told. A transport is a way to read from a cursor, one small function each; Line.#deliver
// alone decides what is new. An ES module and a plain script in one file: see the last line.
globalThis.holdline = (() => {
  'use strict';

  const DEFAULTS = {
    transports: ['websocket', 'sse', 'ndjson', 'long-poll'],
    heartbeat: 15000, // the server's --heartbeat
    patience: 4000, // for a first byte: all streams say something at once, unless a proxy collects it
    wait: 25, // seconds
    backoff: 500,
    backoffMax: 30000,
    upgrade: 60000, // on a worse transport: look for a better one after this
  };
  // Where coming back is of no use.
  const FINAL = [204, 400, 401, 403, 404, 410, 4001, 4003, 4004];
  // So often a link that worked may fail or break soon until another transport is tried.
  const STRIKES = 3;
  const FOREVER = 2 ** 31 - 1;

  const failure = (message, fields) => Object.assign(new Error(message), { name: 'HoldlineError' }, fields);
  const key = (id) => id.split('-').map((number) => number.padStart(20, '0')).join();
  const isAfter = (id, other) => key(id) > key(other);
  // Not randomUUID: pages that came by plain HTTP have none.
  const random = () => crypto.getRandomValues(new Uint32Array(6)).join('');
  const pathOf = (kind, channel) => `${kind}/${channel.split('/').map(encodeURIComponent).join('/')}`;
  const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

  const bodyOf = (data, type) => {
    if (typeof data === 'string') return { body: data, type: type ?? 'text/plain' };
    const isBytes = data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob;
    if (isBytes) return { body: data, type: type ?? (data.type || 'application/octet-stream') };
    return { body: JSON.stringify(data), type: type ?? 'application/json' };
  };

  const dataOf = async (response) => {
    const type = response.headers.get('content-type') ?? '';
    if (/\bjson\b/.test(type)) return response.json();
    return /^text/.test(type) ? response.text() : new Uint8Array(await response.arrayBuffer());
  };

  const problemOf = async (response) => {
    const { status, headers } = response;
    const isProblem = /problem/.test(headers.get('content-type'));
    const problem = isProblem ? await response.json() : {};
    const wait = headers.get('retry-after') * 1000 || undefined;
    return failure(problem.detail ?? `status ${status}`, { status, problem, isProblem, wait });
  };

  // The lines of a stream. What a cut leaves of the last is none.
  async function* linesOf(link, accept, params) {
    const reader = (await link.fetch(accept, params)).body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ''; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      link.at = Date.now();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      yield* lines;
    }
  }

  const hearBatch = (link, { error, notices, messages, next, client }) => {
    if (error) throw failure(error.detail, { ...error, isProblem: true });
    link.hear({ notice: 'position', client });
    for (const told of [...notices, ...messages]) link.hear(told);
    link.hear({ notice: 'position', cursor: next });
    return notices.length + messages.length;
  };

  // A poll after the other. The first is not held, so that it tells at once whether this works.
  const polling = async (link, get) => {
    for (let wait = 0; link.shutdown === undefined; wait = link.options.wait) {
      link.limit = wait * 1000 + link.patience;
      const began = Date.now();
      const batch = await get(wait);
      // Whoever answers held polls at once must not be asked without a pause.
      if (batch && !hearBatch(link, batch) && wait && Date.now() - began < 500) await sleep(1000);
    }
  };

  // What a page loads before its load event holds that up.
  const loaded = () => document.readyState === 'complete' || new Promise((go) => addEventListener('load', go));

  const poll = async (link, wait, signal) => (await link.fetch('application/json', { wait }, signal)).json();

  // Each ends by itself or by `link.signal`, and tells `link` all it hears.
  const TRANSPORTS = {
    websocket: (link) => new Promise((_, fail) => {
      link.address({}, true).then((url) => {
        url.protocol = url.protocol.replace('http', 'ws');
        link.signal.throwIfAborted();
        const socket = new (link.options.WebSocket ?? WebSocket)(url, 'holdline.v1');
        link.signal.onabort = () => socket.close();
        link.send = (command) => socket.send(JSON.stringify(command));
        socket.onmessage = ({ data }) => link.tell(data);
        socket.onerror = () => fail(failure('no WebSocket')); // in Node it is all that comes
        socket.onclose = ({ code, reason }) => fail(failure(reason || `code ${code}`, { code }));
      }).catch(fail);
    }),

    // Not by EventSource: it hides the status, Retry-After, its retry, and comments, which are the heartbeat.
    async sse(link) {
      let event = {};
      for await (const line of linesOf(link, 'text/event-stream', { envelope: 1 })) {
        const [, name, value] = /^([^:]*):? ?(.*)/s.exec(line);
        if (name) event[name] = name === 'data' && event.data ? `${event.data}\n${value}` : value;
        if (name === 'retry') link.retry = +value;
        if (line) continue;
        const { id, data } = event;
        if (event.event === 'holdline:position') {
          link.hear({ ...(data && JSON.parse(data)), notice: 'position', cursor: id });
        } else if (data) link.tell(data);
        event = {};
      }
    },

    async ndjson(link) {
      for await (const line of linesOf(link, 'application/x-ndjson')) link.tell(line);
    },

    'long-poll': (link) => polling(link, async (wait) => {
      const held = new AbortController();
      link.signal.onabort = () => held.abort(link.signal.reason);
      link.again = () => held.abort(); // to name other channels
      try {
        return await poll(link, wait, held.signal);
      } catch (error) {
        if (held.signal.aborted && !link.signal.aborted) return undefined;
        // Whatever is in between may not hold it for so long.
        if (wait) link.options.wait = Math.max(1, wait >> 1);
        throw error;
      }
    }),

    jsonp: (link) => polling(link, async (wait) => {
      await loaded();
      const callback = `holdline_${random()}`;
      const script = document.createElement('script');
      script.src = await link.address({ wait, callback }, true);
      try {
        return await new Promise((give, fail) => {
          globalThis[callback] = link.again = give;
          // A script that was cut off may load, and call nothing.
          link.signal.onabort = script.onerror = script.onload = fail;
          document.head.append(script);
        });
      } finally {
        script.remove();
        globalThis[callback] = () => {}; // a script that is late still calls it
      }
    }),

    async iframe(link) {
      await loaded();
      const frame = document.createElement('iframe');
      frame.hidden = true;
      frame.src = await link.address({ transport: 'iframe', origin: location.origin }, true);
      document.body.append(frame);
      await new Promise((end) => {
        const hear = ({ source, data }) => {
          if (source !== frame.contentWindow) return;
          if (data.notice === 'reload') link.reopen();
          else link.hear(data);
        };
        addEventListener('message', hear);
        link.signal.onabort = () => {
          removeEventListener('message', hear);
          frame.remove();
          end();
        };
      });
    },

    // Another tab reads; what was missed of it is filled by polls.
    async shared(link) {
      const { bus, hello } = link.options;
      const queue = [];
      let go;
      let leader;
      const hear = ({ data }) => {
        if (data.told) queue.push(data);
        go?.();
      };
      bus.addEventListener('message', hear);
      link.again = () => {
        leader = undefined;
        hello();
      };
      // Until somebody answers, and then as a heartbeat.
      const greeting = setInterval(() => (leader && link.isFresh()) || hello(), link.patience / 8);
      hello();
      try {
        for (;;) {
          while (!queue.length) {
            link.signal.throwIfAborted();
            await new Promise((resolve) => { link.signal.onabort = go = resolve; });
          }
          const { from, covers, after, told } = queue.shift();
          // From where a leader reads all that is wanted here its word counts.
          if (covers && link.wants().every((name) => covers.includes(name))) leader = from;
          if (from !== leader) continue;
          while (link.misses(after)) hearBatch(link, await poll(link));
          link.hear(told);
        }
      } finally {
        clearInterval(greeting);
        bus.removeEventListener('message', hear);
      }
    },
  };

  class Line {
    #options;
    #base;
    #token;
    #names; // of transports, the best first
    #level = 0; // of #names: in use, or tried
    #proven; // the level that last worked
    #begin = {}; // since or last, until there is a cursor
    #cursor;
    #channels;
    #foreign = new Map(); // the channels of other tabs, by tab
    // The channels that are behind the cursor: at; live: part of what the link tells; since: as the page wanted it.
    #behind = new Map();
    #link;
    #trying;
    #listeners = new Map();
    #state;
    #wake;
    #climbing;
    #climbMs;
    #repeat; // to other tabs, in the one that reads for all
    #leave;
    #isReached; // by HTTP, ever
    #posts = Promise.resolve();

    constructor(url, { channels = [], since, last, ...options }) {
      this.#options = { ...DEFAULTS, ...options };
      this.#base = new URL(url ?? '/', globalThis.location?.href);
      this.#base.protocol = this.#base.protocol.replace('ws', 'http');
      if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
      this.#names = [...this.#options.transports];
      this.#climbMs = this.#options.upgrade;
      this.#channels = new Set(channels);
      if (/^\d+-\d+$/.test(since)) this.#cursor = since;
      else this.#begin = { since, last };
      this.session = options.session ?? random();
      this.#options.signal?.addEventListener('abort', this.close);
      globalThis.addEventListener?.('online', this.#again);
      if (options.shared) this.#share();
      if (this.#options.signal?.aborted) this.close();
      this.#run();
    }

    get state() { return this.#state; }
    get transport() { return this.#state === 'open' ? this.#link.name : undefined; }
    get cursor() { return this.#cursor; }
    get channels() { return [...this.#channels]; }

    on(event, f) {
      this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(f));
      return () => this.off(event, f);
    }

    off(event, f) {
      this.#listeners.get(event)?.delete(f);
    }

    #emit(event, told) {
      for (const f of [...this.#listeners.get(event) ?? []]) {
        try {
          f(told);
        } catch (error) {
          queueMicrotask(() => { throw error; }); // the page's to see, not the line's to die of
        }
      }
    }

    // One channel: its messages by event or all as `message`, its notices as `holdline:gap` and so on.
    channel(name) {
      const handle = {
        on: (event, f) => this.subscribe(name).on(`${name}\n${event}`, f),
        off: (event, f) => this.off(`${name}\n${event}`, f),
      };
      for (const verb of ['subscribe', 'unsubscribe', 'publish', 'ask', 'presence']) {
        handle[verb] = (...rest) => this[verb](name, ...rest);
      }
      return handle;
    }

    async *[Symbol.asyncIterator]() {
      const waiting = [];
      let go;
      const offs = [
        this.on('message', (message) => { waiting.push(message); go?.(); }),
        this.on('state', () => go?.()),
      ];
      try {
        for (;;) {
          while (waiting.length) yield waiting.shift();
          if (this.error && this.#state === 'closed') throw this.error;
          if (this.#state === 'closed') return;
          await new Promise((resolve) => { go = resolve; });
        }
      } finally {
        for (const off of offs) off();
      }
    }

    // Channels.

    // `since`: an id or `start`; without it from where the line is.
    subscribe(name, { since } = {}) {
      if (!this.#channels.has(name)) {
        this.#channels.add(name);
        if (this.#cursor || since) this.#behind.set(name, { at: since === 'start' ? '0-0' : since ?? this.#cursor, since });
        this.#sync();
      }
      return this;
    }

    unsubscribe(name) {
      this.#channels.delete(name);
      this.#behind.delete(name);
      this.#sync();
      return this;
    }

    #wanted() {
      return new Set([...this.#channels, ...[...this.#foreign.values()].flat()]);
    }

    // Tells the link, which has its own idea of the channels, what has changed in this turn.
    #sync() {
      queueMicrotask(() => {
        const link = this.#link;
        if (this.#state === 'idle') this.#wake();
        if (this.#state !== 'open' || link.signal.aborted) return;
        const wanted = this.#wanted();
        const add = [...wanted].filter((name) => !link.channels.has(name));
        const remove = [...link.channels].filter((name) => !wanted.has(name));
        if (!add.length && !remove.length) return;
        link.channels = wanted;
        for (const name of add) {
          // What the link before this one had, or another tab wants, must begin just here.
          if (!this.#behind.has(name)) this.#behind.set(name, { at: this.#cursor, since: this.#cursor });
        }
        if (!wanted.size) link.reopen();
        else if (link.again) link.again();
        else if (!link.send) this.#change(link, add, remove);
        else {
          if (remove.length) link.send({ type: 'unsubscribe', channels: remove });
          for (const name of add) this.#add(link, name);
        }
      });
    }

    async #add(link, name) {
      const behind = this.#behind.get(name);
      try {
        await link.ask({ type: 'subscribe', channels: [name], since: behind.at });
        behind.live = true;
        this.#move(this.#cursor);
      } catch (error) {
        if (link.signal.aborted) return;
        this.#channels.delete(name);
        this.#behind.delete(name);
        this.#emit('error', error);
      }
    }

    // The channels of a stream, which is opened anew where that fails, or would not begin where it should.
    async #change(link, add, remove) {
      if (add.some((name) => this.#behind.get(name).since)) return link.reopen();
      try {
        const body = bodyOf({ add, remove });
        await this.#call('POST', `clients/${this.session}/subscriptions`, body);
        for (const name of add) this.#behind.delete(name);
      } catch {
        if (add.length) link.reopen();
      }
    }

    // The holder of the lock reads for all tabs, and repeats on the bus what it hears, each with the cursor before.
    #share() {
      const locks = this.#options.locks ?? globalThis.navigator?.locks;
      const Bus = this.#options.BroadcastChannel ?? globalThis.BroadcastChannel;
      if (!locks || !Bus) return;
      const topic = `holdline ${this.#base}`;
      const bus = new Bus(topic);
      const post = (frame) => bus.postMessage({ from: this.session, ...frame });
      const hello = () => post({ wants: [...this.#channels] });
      const own = this.#names;
      Object.assign(this.#options, { bus, hello });
      this.#names = ['shared', ...own]; // whoever hears of no leader reads by itself

      bus.addEventListener('message', ({ data: { from, wants } }) => {
        if (!wants || !this.#repeat) return;
        this.#foreign.set(from, wants);
        this.#sync();
        const { channels } = this.#link ?? {};
        if (this.#state !== 'open' || this.#behind.size || !wants.every((name) => channels.has(name))) return;
        const told = { notice: 'position', cursor: this.#cursor, client: this.client };
        post({ covers: [...channels], after: this.#cursor, told });
      });

      const left = new AbortController();
      const hold = () => new Promise((release) => {
        this.#repeat = (told) => this.#cursor && !told.replay && post({ after: this.#cursor, told });
        this.#names = own;
        this.#level = 0;
        this.#again();
        left.signal.addEventListener('abort', release);
      });
      locks.request(topic, { signal: left.signal }, hold).catch(() => {});
      this.#leave = () => {
        post({ wants: [] });
        bus.close();
        left.abort();
      };
    }

    // Reading.

    async #run() {
      let failures = 0;
      let strikes = 0;
      let denials = 0;
      while (this.#state !== 'closed') {
        if (!this.#wanted().size) {
          this.#become('idle');
          await this.#sleep(FOREVER);
          continue;
        }
        this.#become('connecting');
        let link = this.#trying = this.#start(this.#level, failures);
        let error = await link.done;
        while (link.next) error = await (link = link.next).done;
        clearTimeout(this.#climbing);
        if (link.isDone || this.#state === 'closed') continue;

        const { backoff, backoffMax, upgrade, token } = this.#options;
        const lived = Date.now() - link.began;
        const isLast = link.level === this.#names.length - 1;
        const reason = error?.status ?? error?.code;
        let wait = error?.wait ?? link.shutdown;
        if (lived > this.#climbMs) this.#climbMs = upgrade;
        if (link.moved || (link.heard && lived > link.patience)) failures = denials = 0;
        if ((reason === 401 || reason === 4001) && token?.call && !denials) {
          denials = 1;
          this.#token = undefined;
        // A refusal not in the server's own words may be a proxy's, which may let another transport through.
        } else if (FINAL.includes(reason) && (error.isProblem || reason === 204 || reason > 999 || isLast)) {
          return this.#end(error);
        } else {
          strikes = link.heard && (wait !== undefined || lived >= link.patience) ? 0 : strikes + 1;
          const isGood = link.heard || this.#proven === link.name || (wait ?? link.retry) !== undefined;
          if (strikes >= (isGood ? STRIKES : 1)) {
            strikes = 0;
            this.#proven = undefined;
            if (!isLast) {
              this.#level += 1;
              if (wait === undefined) continue;
            } else if (!link.heard) this.#around();
          }
        }
        wait ??= Math.max(link.retry ?? 0, Math.min(backoffMax, backoff * 2 ** failures) * (0.5 + Math.random() / 2));
        failures += 1;
        const isOffline = globalThis.navigator?.onLine === false;
        this.#become(isOffline ? 'offline' : 'waiting', error);
        // A server on this machine is there without a network too.
        const isLocal = /^(localhost|127\..*|\[::1])$/.test(this.#base.hostname);
        await this.#sleep(isOffline && !isLocal ? FOREVER : wait);
      }
    }

    // All were tried: from the best again; for a page of another origin also what needs no leave to ask.
    #around() {
      this.#level = 0;
      const isForeign = globalThis.document && this.#base.origin !== location.origin;
      if (isForeign && !this.#isReached && !this.#names.includes('jsonp')) {
        this.#names.push('iframe', 'jsonp');
      }
    }

    // Opens a link. Its `done` resolves when it has ended, with the error if it ended by one.
    #start(level, failures) {
      const name = this.#names[level];
      const ending = new AbortController();
      const { signal } = ending;
      const { heartbeat, patience } = this.#options;
      const wanted = [...this.#wanted()].filter((channel) => this.#cursor || !this.#behind.has(channel));
      const replies = new Map();
      const end = (error) => ending.abort(error);
      const link = {
        name,
        level,
        signal,
        end,
        replies,
        options: this.#options,
        began: Date.now(),
        at: Date.now(), // when something was last heard
        limit: 2 * heartbeat, // of silence
        patience: patience * 2 ** Math.min(failures, 3), // all may be slow and not blocked
        // A request names at most 64; a WebSocket adds the others.
        channels: new Set(name === 'websocket' ? wanted.slice(0, 64) : wanted),
        reopen: () => {
          link.isDone = true;
          end();
        },
        hear: (told) => {
          if (signal.aborted) return;
          link.at = Date.now();
          if (told.type !== 'reply' && told.type !== 'pong') this.#repeat?.(told);
          this.#take(link, told);
        },
        tell: (text) => {
          try {
            link.hear(JSON.parse(text));
          } catch (error) {
            end(error);
          }
        },
        ask: (command) => new Promise((give, fail) => {
          signal.throwIfAborted();
          const ref = link.refs = (link.refs ?? 0) + 1;
          replies.set(ref, { give, fail });
          link.send({ ...command, ref });
        }),
        address: (params, isBare) => this.#address(link, params, isBare),
        fetch: async (accept, params, held = signal) => {
          const url = await this.#address(link, params);
          const response = await this.#fetch(url, { headers: { Accept: accept }, cache: 'no-store', signal: held });
          this.client = response.headers.get('holdline-client') ?? this.client;
          if (response.status !== 200) throw await problemOf(response);
          return response;
        },
        wants: () => this.channels,
        isFresh: () => Date.now() - link.at < heartbeat / 2,
        misses: (after) => !this.#cursor || this.#behind.size || isAfter(after, this.#cursor),
      };
      link.opened = new Promise((resolve) => { link.open = resolve; });
      const opening = setTimeout(() => link.heard || end(failure(`${name} says nothing`)), link.patience);
      const watch = setInterval(() => {
        const silence = Date.now() - link.at;
        if (link.heard && silence > link.limit) end(failure(`${name} says nothing`));
        // A page does not see the pings of a WebSocket, so it asks itself.
        else if (link.heard && silence > heartbeat / 2) link.send?.({ type: 'ping' });
      }, heartbeat / 2);
      // A body that is aborted where it ends may never say so (Node 20).
      const ended = new Promise((_, fail) => { signal.addEventListener('abort', () => fail(signal.reason)); });
      link.done = Promise.race([TRANSPORTS[name](link), ended]).then(() => undefined, (error) => error).finally(() => {
        clearTimeout(opening);
        clearInterval(watch);
        end();
        for (const { fail } of replies.values()) fail(failure('ended'));
      });
      return link;
    }

    async #address(link, params, isBare) {
      const { name, presence } = this.#options;
      // The least position of all: from there on nothing is missed.
      link.asked = this.#cursor;
      for (const [channel, behind] of this.#behind) {
        if (link.asked && isAfter(link.asked, behind.at)) link.asked = behind.at;
        if (link === this.#link) behind.live = link.channels.has(channel);
      }
      const query = {
        ...(link.asked ? { since: link.asked } : this.#begin),
        session: this.session,
        name,
        presence: presence ? 1 : undefined,
        ...params,
        ...(isBare && await this.#ticket()),
      };
      const url = this.#to('channels', query);
      for (const channel of link.channels) url.searchParams.append('channel', channel);
      return url;
    }

    // The first word on a link: it works, and takes over from the one before.
    #adopt(link, cursor) {
      const old = this.#link;
      this.#link = link;
      link.heard = true;
      link.open();
      // A position that the server does not know: what follows lies before it, and a gap is told.
      if (cursor && link.asked && isAfter(link.asked, cursor)) this.#reset(link, cursor);
      for (const [name, behind] of this.#behind) {
        behind.live = link.channels.has(name);
        behind.since ??= behind.at;
      }
      if (old && !old.signal.aborted) {
        old.next = link;
        old.end();
      }
      this.#level = Math.max(0, this.#names.indexOf(link.name));
      this.#proven = link.name;
      this.#become('open');
      this.#climb();
      this.#sync();
    }

    // On a worse transport: after a while looks for a better one beside it, and ever more seldom.
    #climb() {
      clearTimeout(this.#climbing);
      const now = this.#link;
      this.#climbing = setTimeout(async () => {
        this.#climbMs = Math.min(FOREVER, this.#climbMs * 2);
        for (let level = 0; level < this.#level; level += 1) {
          if (this.#link !== now || now.signal.aborted || this.#behind.size) break;
          const link = this.#start(level, 0);
          await Promise.race([link.done, link.opened]);
        }
        if (this.#link === now && !now.signal.aborted) this.#climb();
      }, this.#level ? this.#climbMs : FOREVER);
    }

    // What is heard.

    #take(link, told) {
      const { type, notice, ref, since, cursor = since } = told;
      delete told.type;
      if (type === 'reply') {
        const { give, fail } = link.replies.get(ref) ?? { fail: (error) => this.#emit('error', error) };
        const { error } = told;
        link.replies.delete(ref);
        if (error) fail(failure(error.detail, { status: error.status, problem: error }));
        else give?.(told);
      }
      if (type === 'reply' || type === 'pong') return;
      if (!link.heard) this.#adopt(link, cursor);
      if (type === 'welcome' || notice === 'position') {
        this.client = told.client ?? this.client;
        if (!cursor) return;
        this.#move(cursor);
        this.#emit('position', { notice: 'position', cursor });
      } else if (notice) this.#notice(link, told);
      else if (told.id) this.#deliver(link, told);
    }

    #notice(link, told) {
      const { notice, channel } = told;
      if (notice === 'shutdown') link.shutdown = told.reconnect_ms;
      if (notice === 'closed') {
        for (const [tab, wants] of this.#foreign) this.#foreign.set(tab, wants.filter((name) => name !== channel));
      }
      if (channel && !this.#channels.has(channel)) return;
      if (notice === 'gap' && !this.#isGap(link, told)) return;
      if (notice === 'closed') for (const all of [this.#channels, this.#behind, link.channels]) all.delete(channel);
      this.#emit(notice, told);
      if (channel) this.#emit(`${channel}\nholdline:${notice}`, told);
      if (notice === 'closed' && !this.#wanted().size) this.#end(failure('closed', { status: 410 }));
    }

    // Is it one for the page, which may have had by another link what is lost by now?
    #isGap(link, { channel, after, resumes }) {
      const behind = this.#behind.get(channel);
      if (behind?.since === 'start') return false;
      const known = behind?.at ?? link.asked;
      if (known && isAfter(known, after)) {
        if (behind && !behind.live) behind.at = after;
        else if (isAfter(link.asked, after)) this.#reset(link, after);
      }
      return isAfter(resumes, this.#behind.get(channel)?.at ?? this.#cursor ?? '0-0');
    }

    #reset(link, cursor) {
      this.#cursor = link.asked = cursor;
      this.#behind.clear();
    }

    #deliver(link, message) {
      const { id, channel, event, replay, ask, data_base64: base64 } = message;
      const behind = this.#behind.get(channel);
      const at = behind?.at ?? this.#cursor;
      const isNew = !at || isAfter(id, at);
      if (!replay || !behind) this.#move(id);
      else if (isNew) behind.at = id;
      if (!isNew || !(this.#channels.has(channel) || channel[0] === '@')) return;
      link.moved = true;
      if (base64 !== undefined) {
        message.data = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        delete message.data_base64;
      }
      this.#emit('message', message);
      this.#emit(`${channel}\nmessage`, message);
      if (event && event !== 'message') this.#emit(`${channel}\n${event}`, message);
      if (ask) this.#emit('ask', message);
    }

    #move(id) {
      if (!this.#cursor || isAfter(id, this.#cursor)) this.#cursor = id;
      for (const [name, behind] of this.#behind) {
        if (behind.live && isAfter(id, behind.at)) behind.at = id;
        if (behind.live && !isAfter(this.#cursor, behind.at)) this.#behind.delete(name);
      }
    }

    #become(state, error) {
      // Open again is another transport.
      if ((this.#state === state && state !== 'open') || this.#state === 'closed') return;
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

    // At once. When the network comes back, what was open may be dead without having said so.
    #again = () => {
      this.#trying?.reopen();
      this.#link?.reopen();
      this.#wake?.();
    };

    close = () => this.#end();

    #end(error) {
      if (this.#state === 'closed') return;
      this.#become('closed', error);
      this.#link?.end();
      this.#wake?.();
      this.#leave?.();
      clearTimeout(this.#climbing);
      globalThis.removeEventListener?.('online', this.#again);
      this.#options.signal?.removeEventListener('abort', this.close);
    }

    // Requests.

    #to(path, query = {}) {
      const url = new URL(path, this.#base);
      for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.append(name, value);
      return url;
    }

    async #fetch(url, { headers, ...init }) {
      const { token, fetch = globalThis.fetch } = this.#options;
      this.#token ??= token?.call ? await token() : token;
      const authorization = this.#token && { Authorization: `Bearer ${this.#token}` };
      const response = await fetch(url, { ...init, headers: { ...headers, ...authorization } });
      this.#isReached = true;
      return response;
    }

    // For what sends no headers: a ticket, so that no secret that lasts stands in a URL.
    async #ticket() {
      if (!this.#options.token) return undefined;
      const response = await this.#fetch(this.#to('tickets'), { method: 'POST' });
      if (!response.ok) throw await problemOf(response);
      return { ticket: (await response.json()).ticket };
    }

    // A request, up to `tries` times where the network or the server is overcharged: only what may be done twice.
    async #call(method, path, { query, body, type, key, signal, tries = 1 } = {}) {
      const headers = { ...(type && { 'Content-Type': type }), ...(key && { 'Idempotency-Key': key }) };
      for (let n = 1; ; n += 1) {
        let error;
        try {
          const response = await this.#fetch(this.#to(path, query), { method, body, headers, signal });
          if (response.ok || response.headers.has('holdline-ask')) return response;
          error = await problemOf(response);
        } catch (cause) {
          error = cause;
        }
        const { status = 503, wait = this.#options.backoff * 2 ** Math.min(n, 6) } = error;
        if (status === 401 && n === 1 && this.#options.token?.call) this.#token = undefined;
        else if (signal?.aborted || n >= tries || this.#state === 'closed' || (status < 502 && status !== 429)) throw error;
        await sleep(wait * (0.5 + Math.random() / 2));
      }
    }

    // Gives the `id`. By the WebSocket where one is open, else, and for bytes, by POST, which is repeated safely.
    async publish(channel, data, { signal, idempotencyKey, contentType, ...options } = {}) {
      if (options.retain === false) options.retain = 0;
      const { body, type } = bodyOf(data, contentType);
      // In order: what is posted holds up what comes after it.
      const before = this.#posts;
      let go;
      this.#posts = new Promise((resolve) => { go = resolve; });
      await before;
      try {
        const link = this.#link;
        if (this.#state === 'open' && link.send && !idempotencyKey && !contentType && typeof body === 'string') {
          const replied = link.ask({ type: 'publish', channel, ...options, data });
          go();
          return { id: (await replied).id };
        }
        const request = { query: options, body, type, key: idempotencyKey ?? random(), signal, tries: 5 };
        return { id: (await (await this.#call('POST', pathOf('channels', channel), request)).json()).id };
      } finally {
        go();
      }
    }

    // Asks until somebody answers, the question expires, or `signal` withdraws it.
    async ask(channel, data, { signal, wait = this.#options.wait, idempotencyKey: key = random(), contentType, ...options } = {}) {
      signal?.throwIfAborted();
      const request = { query: { ...options, wait: 0 }, ...bodyOf(data, contentType), key, tries: 5 };
      let response = await this.#call('POST', pathOf('ask', channel), request);
      const path = `asks/${response.headers.get('location')?.split('/').pop()}`;
      const field = (name) => response.headers.get(`holdline-${name}`) ?? undefined;
      try {
        while (field('ask') === 'pending') {
          response = await this.#call('GET', path, { query: { wait }, signal, tries: Infinity });
        }
      } catch (error) {
        if (signal?.aborted) this.#call('DELETE', path, { tries: 5 }).catch(() => {});
        throw error;
      }
      const { status } = response;
      const answer = status === 204 ? undefined : await dataOf(response);
      return { status, data: answer, outcome: field('ask'), answeredBy: field('answered-by'), subscribers: +field('subscribers') };
    }

    async answer(ask, data, { status, contentType, signal } = {}) {
      await this.#call('POST', `asks/${ask}`, { query: { status, session: this.session }, ...(status !== 204 && bodyOf(data, contentType)), signal });
    }

    async presence(channel, { signal } = {}) {
      return (await this.#call('GET', pathOf('presence', channel), { signal, tries: 3 })).json();
    }
  }

  const connect = (url, options) => {
    const isUrl = typeof url !== 'object' || url instanceof URL;
    return new Line(isUrl ? url : undefined, (isUrl ? options : url) ?? {});
  };
  return { connect };
})();

// A script divides by the text that begins between the slashes; a module awaits the pattern /"/ and exports.
typeof await /"/; export const { connect } = globalThis.holdline; export default globalThis.holdline; //";
