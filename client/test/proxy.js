// Proxies as they are met: one that lets no WebSocket through, one that collects answers, one that cuts them off.
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

const listen = async (server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, port };
};

/** A server of our own making: `answer(request, response)`; counts what it is asked for. */
export const hostile = async (answer) => {
  const sockets = new Set();
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('upgrade', (request, socket) => {
    asked.push(request);
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
  return {
    ...await listen(server),
    asked,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

export const kindOf = ({ headers, url }) => {
  if (headers.upgrade) return 'websocket';
  if (headers.accept === 'text/event-stream') return 'sse';
  if (headers.accept === 'application/x-ndjson') return 'ndjson';
  return url.includes('transport=iframe') ? 'iframe' : 'poll';
};

// Between a client and the server at `target()`; `rules` may change while it runs:
//   blocked: kinds that are refused, with `status`; reset: kinds whose connection breaks; buffered: kinds handed on when
//   complete; retry: what SSE says instead of the server's.
export const proxy = async (target, rules) => {
  const asked = [];
  const server = http.createServer((request, response) => {
    const kind = kindOf(request);
    asked.push(kind);
    if (rules.reset?.includes(kind)) return request.socket.destroy();
    if (rules.blocked?.includes(kind)) return response.writeHead(rules.status ?? 403, { 'Content-Type': 'text/html' }).end('blocked');
    const onward = http.request(new URL(request.url, target()), { method: request.method, headers: request.headers });
    onward.on('response', (answer) => {
      if (!rules.buffered?.includes(kind)) {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        if (!rules.retry) return answer.pipe(response);
        answer.on('data', (piece) => response.write(String(piece).replace(/^retry: \d+/, `retry: ${rules.retry}`)));
        return answer.on('end', () => response.end());
      }
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(pieces)));
      return answer;
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    return request.pipe(onward);
  });
  server.on('upgrade', (request, socket) => {
    asked.push('websocket');
    socket.on('error', () => {});
    if (rules.blocked?.includes('websocket')) return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    const onward = net.connect(new URL(target()).port, '127.0.0.1', () => {
      const fields = request.rawHeaders.reduce((text, part, index) => text + part + (index % 2 ? '\r\n' : ': '), '');
      onward.write(`GET ${request.url} HTTP/1.1\r\n${fields}\r\n`);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    return onward;
  });
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const cut = () => { for (const socket of sockets) socket.destroy(); };
  return { ...await listen(server), asked, cut, close: () => { server.close(); cut(); } };
};

/** Breaks every connection after so many bytes from the server. */
export const cutter = async (target, bytes) => {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const onward = net.connect(new URL(target()).port, '127.0.0.1');
    let left = bytes();
    onward.on('data', (piece) => {
      socket.write(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) {
        socket.destroySoon();
        onward.destroy();
      }
    });
    socket.pipe(onward);
    for (const [one, other] of [[socket, onward], [onward, socket]]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        if (left > 0) other.destroy();
      });
    }
  });
  return { ...await listen(server), close: () => { server.close(); for (const socket of sockets) socket.destroy(); } };
};
