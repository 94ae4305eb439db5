// What the tests need of a browser, whichever it is. A driver gives three kinds of things:
//   browser   name, version, context({ scheme, width, height }), close()
//   context   what belongs to one user: page({ provokes }), offline(is_offline), pages, close()
//   page      this class; the driver fills in goto, evaluate, click, fill, press, screenshot, close
import { until } from '../check.mjs';

export class Page {
  /** `provokes`: patterns of what the browser is bound to complain about in this page, because the test makes it so. */
  constructor(provokes = []) {
    this.provokes = provokes;
    this.complaints = [];
  }

  complain(complaint) {
    if (!this.provokes.some(pattern => pattern.test(complaint))) this.complaints.push(complaint);
  }

  /** Waits until `look(arg)`, which runs in the page, gives something true; `tell` runs there too, and says what there was. */
  async until(look, arg, tell = look, patience_ms) {
    return until(() => this.evaluate(look, arg), () => this.evaluate(tell, arg), patience_ms);
  }
}

/** Runs in every page before its own scripts: what only one of the two browsers would say by itself, both say. */
export function watch() {
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`refused by the page's policy: ${violatedDirective} ${blockedURI}`);
  });
}
