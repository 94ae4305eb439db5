// Runs every subject, or those that are named, in both browsers at once, and counts what failed.
import { Checks } from './check.mjs';
import { launch_chromium } from './drivers/chromium.mjs';
import { launch_firefox } from './drivers/firefox.mjs';

const SUBJECTS = ['transports', 'client', 'socketio', 'fallback', 'tabs', 'origins', 'console', 'confirm', 'examples', 'qr', 'looks'];
const launchers = { chromium: launch_chromium, firefox: launch_firefox };

const named = process.argv.slice(2);
const browsers = named.filter(name => name in launchers);
const wanted = named.filter(name => !(name in launchers));
const unknown = wanted.filter(name => !SUBJECTS.includes(name));
if (unknown.length) {
  console.error(`there is no ${unknown.join(', ')}; the subjects are ${SUBJECTS.join(', ')}, ` +
    `the browsers ${Object.keys(launchers).join(', ')}`);
  process.exit(2);
}

async function run(launch) {
  const browser = await launch();
  console.log(`${browser.name} ${browser.version}`);
  const checks = new Checks(browser.name);
  try {
    for (const name of wanted.length ? wanted : SUBJECTS) {
      const { default: subject } = await import(`./subjects/${name}.mjs`);
      await checks.check(`${name} came to its end`, () => subject(browser, checks.check));
    }
  } finally {
    await browser.close();
  }
  return checks;
}

const all = await Promise.all((browsers.length ? browsers : Object.keys(launchers)).map(name => run(launchers[name])));
for (const { name, passed, failed } of all) console.log(`${name}: ${passed} passed, ${failed} failed`);
process.exit(all.some(({ failed }) => failed) ? 1 : 0);
