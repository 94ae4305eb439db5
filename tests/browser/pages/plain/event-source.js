// new EventSource: the browser comes back by itself and brings the last id along. Named events are heard by name.
export function open({ url, live, heard, broke }) {
  const source = new EventSource(url({ transport: 'sse' }));
  const message = ({ type, data, lastEventId }) => {
    heard({ id: lastEventId, data, event: type === 'message' ? undefined : type });
  };
  source.onmessage = message;
  source.addEventListener('tick', message);
  source.addEventListener('holdline:position', ({ lastEventId }) => live(lastEventId));
  source.addEventListener('holdline:gap', ({ data }) => heard(JSON.parse(data)));
  source.addEventListener('holdline:shutdown', ({ data }) => heard(JSON.parse(data)));
  source.onerror = () => {
    page.breaks += 1;
    if (source.readyState === EventSource.CLOSED) broke('refused');
    else page.state = 'waiting: the browser tries again';
  };
  return () => source.close();
}
