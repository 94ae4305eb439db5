// Firefox, by puppeteer-core over WebDriver BiDi. It has no switch for the colour scheme of a page, but a preference
// of the whole browser: for the dark one a second browser is started when it is first wanted.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { Page, watch } from './page.mjs';

const SCHEMES = { dark: 0, light: 1 };

export async function launch_firefox() {
  const home = await mkdtemp(join(tmpdir(), 'holdline-firefox-'));
  const launched = {};
  const of = scheme => launched[scheme] ??= puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX,
    headless: true,
    env: { ...process.env, HOME: home },
    extraPrefsFirefox: {
      'layout.css.prefers-color-scheme.content-override': SCHEMES[scheme],
      'ui.prefersReducedMotion': 1,
      'network.dns.localDomains': 'rebound.example',
    },
  });
  return {
    name: 'firefox',
    version: (await (await of('light')).version()).replace('firefox/', ''),
    context: async ({ scheme = 'light', width = 1280, height = 900 } = {}) => {
      const browser = await of(scheme);
      return new Context(await browser.createBrowserContext(), { width, height });
    },
    close: async () => {
      for (const browser of await Promise.all(Object.values(launched))) await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

class Context {
  constructor(context, viewport) {
    Object.assign(this, { context, viewport, pages: [] });
  }

  async page({ provokes } = {}) {
    const page = await this.context.newPage();
    await page.setViewport(this.viewport);
    await page.evaluateOnNewDocument(watch);
    const made = new FirefoxPage(page, provokes);
    this.pages.push(made);
    return made;
  }

  async offline(is_offline) {
    for (const { page } of this.pages) if (!page.isClosed()) await page.setOfflineMode(is_offline);
  }

  close() { return this.context.close(); }
}

class FirefoxPage extends Page {
  constructor(page, provokes) {
    super(provokes);
    this.page = page;
    page.on('pageerror', error => this.complain(`uncaught: ${error.message ?? error}`));
    page.on('console', message => {
      if (['error', 'warn'].includes(message.type())) {
        this.complain(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
  }

  /** Gives the status of the answer. An error that is no page, such as JSON, Firefox does not show: that is its word for it. */
  async goto(url) {
    let status;
    const seen = response => { if (response.request().isNavigationRequest()) status = response.status(); };
    this.page.on('response', seen);
    await this.page.goto(url, { waitUntil: 'domcontentloaded' }).catch(error => { if (!/NS_ERROR_NET_ERROR_RESPONSE/.test(error.message)) throw error; });
    this.page.off('response', seen);
    return status;
  }
  evaluate(look, arg) { return this.page.evaluate(look, arg); }
  async click(role, name) { await (await this.#named(role, name)).click(); }

  async fill(label, text) {
    const field = await this.#named('textbox', label);
    await field.evaluate(field => field.select());
    await field.type(text);
  }

  #named(role, name) { return this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`); }
  press(key) { return this.page.keyboard.press(key); }
  screenshot(path) { return this.page.screenshot({ path, fullPage: true }); }
  close() { return this.page.close(); }
}
