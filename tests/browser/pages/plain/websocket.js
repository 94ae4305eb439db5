// new WebSocket: everything is JSON in text frames.
export function open({ url, live, heard, broke }) {
  const socket = new WebSocket(url().replace('http', 'ws'));
  socket.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    if (told.type === 'welcome') live(told.since);
    else heard(told);
  };
  socket.onclose = ({ code }) => broke(`closed with ${code}`);
  return () => socket.close();
}
