// new WebSocket with the subprotocol holdline.raw and binaryType arraybuffer: payloads and nothing else, so there is
// no cursor in them. A page that wants to lose nothing asks for one by a poll, begins there each time, and leaves out
// as many payloads as it has had already.
let base, had = 0;

export function open({ url, live, heard, broke }) {
  let socket, left_out = 0;
  const begin = async () => {
    base ??= (await (await fetch(url({ since: 'now' }), { cache: 'no-store' })).json()).next;
    socket = new WebSocket(url({ since: base }).replace('http', 'ws'), 'holdline.raw');
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => live();
    socket.onmessage = ({ data }) => {
      if (left_out < had) return void (left_out += 1);
      left_out = had += 1;
      heard({ data: typeof data === 'string' ? data : [...new Uint8Array(data)] });
    };
    socket.onclose = ({ code }) => {
      if (code === 4010) {
        heard({ notice: 'gap', after: base });
        base = 'start';
        had = 0;
      }
      broke(`closed with ${code}`);
    };
    window.send = bytes => socket.send(new Uint8Array(bytes));
  };
  begin().catch(error => broke(String(error)));
  return () => socket?.close();
}
