// An HTTP proxy that stands between a page and the server as some do: it may refuse what it does not know, swallow it,
// or hold back what streams. `treat(kind)` says how, for each request anew; `kind` is what the request wants:
//   websocket, sse, ndjson, poll (anything else about channels), or page
// and the treatment is one of those below.
import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';

export const PASS = { name: 'pass' };
/** A page of the proxy's own in place of the answer. */
export const REFUSE = { name: 'answer', status: 403, fields: { 'content-type': 'text/html' }, body: '<p>Not by this proxy' };
/** Taken, and never answered. */
export const SWALLOW = { name: 'swallow' };
/** What is answered is held back until it ends, or until so many bytes have come; and again. */
export const hold = (bytes = Infinity) => ({ name: 'hold', bytes });
/** As REFUSE, with this status and these fields. */
export const answer = (status, fields = {}, body = '') => ({ name: 'answer', status, fields, body });

export const kind_of = ({ url, headers }) => {
  if (headers.upgrade) return 'websocket';
  if (headers.accept?.includes('text/event-stream')) return 'sse';
  if (headers.accept?.includes('x-ndjson')) return 'ndjson';
  return url.startsWith('/channels') ? 'poll' : 'page';
};

export class HttpProxy {
  /** `target` is HOST:PORT. */
  static async start(target, treat = () => PASS) {
    const proxy = new HttpProxy();
    Object.assign(proxy, { target, treat, seen: [], sockets: new Set() });
    proxy.server = createServer((request, response) => proxy.#request(request, response));
    proxy.server.on('upgrade', (request, socket, head) => proxy.#upgrade(request, socket, head));
    proxy.server.on('connection', socket => {
      proxy.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => proxy.sockets.delete(socket));
    });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  /** How a request is treated; it is written down in `seen`, with the time. */
  #treatment(request) {
    const kind = kind_of(request);
    const treatment = this.treat(kind);
    this.seen.push({ kind, treatment: treatment.name, at_ms: performance.now() });
    return treatment;
  }

  #request(request, response) {
    const treatment = this.#treatment(request);
    if (treatment.name === 'swallow') return;
    if (treatment.name === 'answer') return void response.writeHead(treatment.status, treatment.fields).end(treatment.body);
    const [host, port] = this.target.split(':');
    const { method, url: path, headers } = request;
    const upstream = ask({ host, port, method, path, headers }, answered => {
      response.writeHead(answered.statusCode, answered.headers);
      if (treatment.name === 'pass') {
        response.flushHeaders();
        answered.pipe(response);
      } else {
        this.#hold(answered, response, treatment.bytes);
      }
      answered.on('error', () => response.destroy());
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  #hold(answered, response, bytes_max) {
    let held = [], bytes = 0;
    answered.on('data', part => {
      held.push(part);
      bytes += part.length;
      if (bytes < bytes_max) return;
      response.write(Buffer.concat(held));
      held = [];
      bytes = 0;
    });
    answered.on('end', () => response.end(Buffer.concat(held)));
  }

  #upgrade(request, socket, head) {
    const treatment = this.#treatment(request);
    if (treatment.name === 'answer') {
      const { status, fields, body } = treatment;
      const lines = Object.entries({ ...fields, 'content-length': body.length, connection: 'close' });
      return void socket.end(`HTTP/1.1 ${status} No\r\n${lines.map(line => line.join(': ')).join('\r\n')}\r\n\r\n${body}`);
    }
    if (treatment.name !== 'pass') return;
    const [host, port] = this.target.split(':');
    const upstream = connect(Number(port), host, () => {
      const { rawHeaders: raw } = request;
      const fields = raw.filter((_, i) => i % 2 === 0).map((name, i) => `${name}: ${raw[2 * i + 1]}\r\n`);
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${fields.join('')}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  }

  close() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
