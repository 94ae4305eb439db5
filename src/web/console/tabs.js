// The five tabs (ARIA Authoring Practices, "Tabs"): arrows, Home and End move, the hash names the one that is shown, and
// what a tab does while it is shown ends when another is.

const tabs = new Map();
let shown_tab;

/** Says what to do when a tab comes and goes. */
const tab = (name, { show = () => {}, hide = () => {} }) => tabs.set(name, { show, hide });

const tab_button = name => element(`tab-${name}`);
const tab_panel = name => element(`panel-${name}`);

function show_tab(name) {
  if (name === shown_tab) return;
  tabs.get(shown_tab)?.hide();
  shown_tab = name;
  for (const other of tabs.keys()) {
    const is_it = other === name;
    tab_panel(other).hidden = !is_it;
    const button = tab_button(other);
    if (!button) continue;
    button.setAttribute('aria-selected', is_it);
    button.tabIndex = is_it ? 0 : -1;
  }
  element('tabs').hidden = !tab_button(name);
  const title = tab_button(name)?.textContent ?? tab_panel(name).dataset.title;
  document.title = `${title} – holdline`;
  tabs.get(name).show();
}

/** `#transports` names a tab; `#confirm=CHANNEL` the page that answers a question. */
function show_by_hash() {
  const [name] = decodeURIComponent(location.hash.slice(1)).split('=');
  show_tab(tabs.has(name) ? name : 'watch');
}

function moved_by(key, names, from) {
  switch (key) {
    case 'ArrowRight': return names[(from + 1) % names.length];
    case 'ArrowLeft': return names[(from + names.length - 1) % names.length];
    case 'Home': return names[0];
    case 'End': return names.at(-1);
    default: return undefined;
  }
}

function start_tabs() {
  const names = [...tabs.keys()].filter(tab_button);
  for (const [index, name] of names.entries()) {
    const button = tab_button(name);
    button.onclick = () => { location.hash = name; };
    button.onkeydown = event => {
      const to = event.ctrlKey || event.altKey || event.metaKey ? undefined : moved_by(event.key, names, index);
      if (!to) return;
      event.preventDefault();
      location.hash = to;
      show_tab(to);
      tab_button(to).focus();
    };
  }
  addEventListener('hashchange', show_by_hash);
  show_by_hash();
}
