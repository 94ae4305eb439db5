// new WebSocket with the subprotocol holdline.raw and binaryType arraybuffer: payloads and nothing else, so there is
// no cursor in them. A page that wants to lose nothing asks for one by a poll, begins there each time, and leaves out
// as many payloads as it has had already. A gap it is told by the close code 4010; a poll tells where it ends.
let base, had = 0, is_lost = false;

export function open({ url, live, heard, broke }) {
  let socket, left_out = 0;
  const begin = async () => {
    if (!base || is_lost) {
      const { next, notices: [gap] } = await (await fetch(url({ since: base ?? 'now' }), { cache: 'no-store' })).json();
      if (gap) heard(gap);
      base = gap?.resumes ?? next;
      is_lost = false;
      had = 0;
    }
    socket = new WebSocket(url({ since: base }).replace('http', 'ws'), 'holdline.raw');
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => live();
    socket.onmessage = ({ data }) => {
      if (left_out < had) return void (left_out += 1);
      left_out = had += 1;
      heard({ data: typeof data === 'string' ? data : [...new Uint8Array(data)] });
    };
    socket.onclose = ({ code }) => {
      is_lost ||= code === 4010;
      broke(`closed with ${code}`);
    };
    window.send = bytes => socket.send(new Uint8Array(bytes));
  };
  begin().catch(error => broke(String(error)));
  return () => socket?.close();
}
