// A TCP proxy that cuts: what passes is not looked at. It keeps its address while the server behind it goes and comes
// back on another port, as pages need it.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class CuttingProxy {
  /** `target` is HOST:PORT, and may be set anew at any time. */
  static async start(target) {
    const proxy = new CuttingProxy();
    Object.assign(proxy, { target, open: new Set(), refuses: false, allowances: [], cuts: 0 });
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
    client.pipe(upstream);
    upstream.on('data', bytes => {
      const may_pass = Math.max(0, Math.min(bytes.length, pair.allowance));
      pair.allowance -= bytes.length;
      if (may_pass) client.write(bytes.subarray(0, may_pass), () => { if (pair.allowance < 0) this.#cut(pair); });
      else this.#cut(pair);
    });
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
