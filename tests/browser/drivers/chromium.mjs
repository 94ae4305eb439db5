// Chromium, by playwright-core.
import { chromium } from 'playwright-core';
import { Page, watch } from './page.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP rebound.example 127.0.0.1'];

export async function launch_chromium() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: flags });
  return {
    name: 'chromium',
    version: browser.version(),
    context: async ({ scheme = 'light', width = 1280, height = 900 } = {}) => {
      const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height }, reducedMotion: 'reduce' });
      await context.addInitScript(watch);
      return new Context(context);
    },
    close: () => browser.close(),
  };
}

class Context {
  constructor(context) {
    Object.assign(this, { context, pages: [] });
  }

  async page({ provokes } = {}) {
    const page = new ChromiumPage(await this.context.newPage(), provokes);
    this.pages.push(page);
    return page;
  }

  offline(is_offline) { return this.context.setOffline(is_offline); }

  close() { return this.context.close(); }
}

class ChromiumPage extends Page {
  constructor(page, provokes) {
    super(provokes);
    this.page = page;
    page.on('pageerror', error => this.complain(`uncaught: ${error.message}`));
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) {
        this.complain(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
  }

  /** Gives the status of the answer. */
  async goto(url) { return (await this.page.goto(url, { waitUntil: 'domcontentloaded' }))?.status(); }
  evaluate(look, arg) { return this.page.evaluate(look, arg); }
  click(role, name) { return this.page.getByRole(role, { name, exact: true }).click(); }
  fill(label, text) { return this.page.getByRole('textbox', { name: label, exact: true }).fill(text); }
  press(key) { return this.page.keyboard.press(key); }
  screenshot(path) { return this.page.screenshot({ path, fullPage: true }); }
  close() { return this.page.close(); }
}
