// A TCP proxy that cuts. It keeps its address while the server behind it goes and comes back on another port, as pages
// need it. What passes is looked at by nobody but `judge`, where a test wants to cut at a certain place.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class CuttingProxy {
  /** `target` is HOST:PORT, and may be set anew at any time. */
  static async start(target) {
    const proxy = new CuttingProxy();
    Object.assign(proxy, { target, open: new Set(), refuses: false, allowances: [], cuts: 0, judge: () => Infinity });
    proxy.server = createServer(client => proxy.#accept(client));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  #accept(client) {
    client.on('error', () => {});
    if (this.refuses) return void client.resetAndDestroy();
    const [hostname, port] = this.target.split(':');
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair = { client, upstream, allowance: this.allowances.shift() ?? Infinity };
    this.open.add(pair);
    const end = () => this.#cut(pair);
    upstream.on('error', end);
    client.on('close', end);
    upstream.on('close', () => { client.destroySoon(); this.open.delete(pair); });
    client.setNoDelay(true);
    this.#carry(pair, 'client', client, upstream);
    this.#carry(pair, 'server', upstream, client);
    client.on('end', () => upstream.end());
  }

  /**
   * `judge({ from, bytes, pair })` is asked about all that comes, `from` the client or the server, and says how many of
   * these bytes may pass before the connection is cut, or promises to: until then they are held. `pair.first` is what
   * the client began with.
   */
  #carry(pair, from, source, sink) {
    source.on('data', async bytes => {
      if (from === 'client') pair.first ??= bytes.toString('latin1');
      source.pause();
      const may_pass = Math.min(bytes.length, await this.judge({ from, bytes, pair }), this.#allowed(pair, from, bytes));
      source.resume();
      const cut = () => { if (may_pass < bytes.length) this.#cut(pair); };
      if (may_pass) sink.write(bytes.subarray(0, may_pass), cut);
      else cut();
    });
  }

  #allowed(pair, from, { length }) {
    if (from === 'client') return length;
    pair.allowance -= length;
    return Math.max(0, Math.min(length, pair.allowance + length));
  }

  #cut(pair) {
    if (!this.open.delete(pair)) return;
    this.cuts += 1;
    pair.upstream.destroy();
    pair.client.destroy();
  }

  /** Cuts every connection off that there is. */
  cut() {
    for (const pair of [...this.open]) this.#cut(pair);
  }

  /** Each of the next connections is cut when so many bytes of answers have passed, the first after the first number. */
  cut_next_after(allowances) {
    this.allowances = allowances;
    this.cut();
  }

  close() {
    this.cut();
    this.server.close();
  }
}
