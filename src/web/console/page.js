// What all tabs use: elements, numbers as text, requests.

const answer_ms = 15000;
const element = id => document.getElementById(id);
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
const is_calm = matchMedia('(prefers-reduced-motion: reduce)');

/** An element with attributes and children; `data` and `text` are no attributes, and what is undefined is left out. */
function make(tag, { text, data, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  Object.assign(made.dataset, data);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const svg_namespace = 'http://www.w3.org/2000/svg';
function make_svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(svg_namespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Changes a text only if it differs, so that nothing is redrawn or read out again. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(undefined,
  { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });

const count = number => whole.format(number);
const rate = number => number < 100 ? short.format(number) : whole.format(number);
const seconds = ms => `${(ms / 1000).toFixed(1)} s`;
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** By powers of 1024, as the command line has them. */
function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (number >= 1000 && power < units.length - 1) [number, power] = [number / 1024, power + 1];
  return `${power ? short.format(number) : whole.format(number)} ${units[power]}`;
}

function micros(us) {
  if (us < 1000) return `${count(us)} µs`;
  return us < 1e6 ? `${short.format(us / 1000)} ms` : `${short.format(us / 1e6)} s`;
}

const milliseconds = ms => ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms` : seconds(ms);

function duration(s) {
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${s % 60} s` : `${s} s`;
}

const size_of = text => new TextEncoder().encode(text).length;

/** The path of a channel: its slashes stand as they are. */
const channel_path = (name, root = 'channels') => `/${root}/${name.split('/').map(encodeURIComponent).join('/')}`;

/** An answer with status 200 (or another that is `wanted`); anything else is thrown with the server's own words. */
async function get(path, { wanted = [200], ...options } = {}) {
  let answer;
  try {
    answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(answer_ms), ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw { detail: error.name === 'TimeoutError' ? 'no answer' : 'no connection' };
  }
  if (wanted.includes(answer.status)) return answer;
  throw { status: answer.status, detail: (await answer.json().catch(() => ({}))).detail ?? `answered ${answer.status}` };
}
const get_json = async (path, options) => (await get(path, options)).json();
const post = (path, body, options) => get_json(path, { method: 'POST', body, ...options });

/** A button that copies what `text()` gives, or selects it in `node` where the clipboard may not be used. */
function copies(button, text, node) {
  const name = button.textContent;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(node);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = name; }, 2000);
  };
}

for (const node of document.querySelectorAll('.origin')) node.textContent = location.origin;
