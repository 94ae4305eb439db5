//! The console at `/`: one page, put together from `web/console/` and embedded in the binary.  Law: the page holds no
//! data of the server, asks for nothing outside, and runs and shows nothing but what was put in here.

use super::connection::ConnId;
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::Now;

/// The page as it is served until the process ends.
pub(super) struct Console {
    page: Box<[u8]>,
    policy: Box<str>,
}

impl Console {
    /// Puts the page together. `nonce` stands in its policy and in its one style and one script; `has_demo`: the server
    /// tells the time in `demo/clock`.
    pub(super) fn new(nonce: &str, has_demo: bool) -> Self {
        let page = PAGE
            .replace("{{demo}}", if has_demo { "on" } else { "off" })
            .replace("{{nonce}}", nonce)
            .replace("{{style}}", STYLE)
            .replace("{{script}}", SCRIPT);
        Console { page: page.into_bytes().into(), policy: POLICY.replace("{{nonce}}", nonce).into() }
    }
}

impl Server {
    /// The page, under a policy that lets nothing else in.
    pub(super) fn answer_console(&mut self, now: Now, id: ConnId, reply: &Reply) {
        let policy = self.console.policy.clone();
        let fields = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", &*policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Cache-Control", "no-cache"),
        ];
        self.respond(now, id, reply, 200, &fields, vec![OutPiece::Own(self.console.page.to_vec())]);
    }
}

const PAGE: &str = include_str!("../web/console/page.html");
const STYLE: &str = include_str!("../web/console/style.css");

macro_rules! joined {
    ($($file:literal)*) => {
        concat!("'use strict';", $("\n// ", $file, "\n", include_str!(concat!("../web/console/", $file)),)*)
    };
}

/// All in one scope, those that others use first.
const SCRIPT: &str = joined! {
    "page.js" "tabs.js" "plot.js" "watch.js" "pane.js" "readers.js" "transports.js" "message.js" "channels.js"
    "probe.js" "headers.js" "advice.js" "check.js" "qr.js" "demos.js" "try.js" "login.js" "start.js"
};

const POLICY: &str = "default-src 'none'; script-src 'nonce-{{nonce}}' 'self'; style-src 'nonce-{{nonce}}'; \
    connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_and_each_part_is_there_once() {
        let console = Console::new("NONCE", true);
        let page = core::str::from_utf8(&console.page).expect("all parts are text");
        assert!(!page.contains("{{"), "a place was not filled, or a part holds what looks like one");
        assert_eq!(page.matches("nonce=\"NONCE\"").count(), 2, "one style and one script");
        assert_eq!(page.matches("</script>").count(), 1, "no part ends the script");
        assert_eq!(page.matches("</style>").count(), 1);
        assert!(page.contains("data-demo=\"on\""));
        assert!(console.policy.contains("'nonce-NONCE'"));
    }

    #[test]
    fn nothing_in_the_page_needs_a_softer_policy_or_another_host() {
        for (part, text) in [("page", PAGE), ("style", STYLE), ("script", SCRIPT)] {
            for wrong in
                [" style=\"", " onclick=", "innerHTML", "outerHTML", "eval(", "@import", "src=\"http"]
            {
                assert!(!text.contains(wrong), "{part}: {wrong}");
            }
        }
        assert!(!STYLE.contains("url("));
        assert!(!POLICY.contains("unsafe"));
    }
}
