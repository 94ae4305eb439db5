// A hidden frame that never ends and posts what it is told. Nobody tells when it was cut off: it is loaded anew when not
// even heartbeats come any more.
const SILENCE_MAX_MS = 1500;

export function open({ url, live, heard, broke }) {
  const frame = document.createElement('iframe');
  let silence;
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(() => broke('silence'), SILENCE_MAX_MS);
  };
  const posted = ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== location.origin) return;
    wait();
    if (data.notice !== 'reload') return heard(data);
    live(data.since);
    broke('to be loaded anew', 0);
  };
  addEventListener('message', posted);
  frame.hidden = true;
  frame.src = url({ transport: 'iframe', origin: location.origin });
  document.body.append(frame);
  wait();
  return () => { clearTimeout(silence); removeEventListener('message', posted); frame.remove(); };
}
