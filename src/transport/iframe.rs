//! A page that hands each envelope to its parent.  Law: nothing in a payload, a name or an origin can end a script.
//! The nonce is one for the life of the server, so that all readers share an encoding; it keeps out scripts that
//! are not the server's own, and every byte of this page is.

use super::Opening;
use super::envelope::{write_envelope, write_greeting, write_notice};
use super::json::{self, Escape};
use crate::message::{Cursor, Message, Notice};

/// Browsers show nothing of a page before about this many bytes.
const PADDING_BYTES: usize = 1024;

/// One message.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, nonce: &str) {
    post(out, nonce, |out| write_envelope(out, "{", channel, message, Escape::Script));
}

/// One notice.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>, nonce: &str) {
    post(out, nonce, |out| write_notice(out, "{", notice, Escape::Script));
}

/// The head of the page, the padding, the origin that may receive, and where this reader begins: a page cannot read
/// the headers that tell others so.
pub fn opening(out: &mut Vec<u8>, opening: &Opening<'_>) {
    out.extend_from_slice(b"<!doctype html><meta charset=\"utf-8\"><title>holdline</title>\n<!--");
    out.resize(out.len() + PADDING_BYTES, b' ');
    out.extend_from_slice(b"-->\n");
    script(out, opening.nonce, |out| {
        out.extend_from_slice(b"const O=");
        json::string(out, opening.origin, Escape::Script);
    });
    let cursor = Some(("cursor", opening.cursor));
    post(out, opening.nonce, |out| {
        write_greeting(out, "{\"notice\":\"position\",", opening.client, opening.session, cursor);
    });
}

/// A position if the cursor moved, else a byte that shows nothing.
pub fn heartbeat(out: &mut Vec<u8>, cursor: Cursor, moved: bool, nonce: &str) {
    if moved { notice(out, &Notice::Position { cursor }, nonce) } else { out.push(b'\n') }
}

/// The policy under which the page is served: only scripts with `nonce`, framed only by `origin`, which must be an
/// origin and nothing else.
pub fn content_security_policy(nonce: &str, origin: &str) -> String {
    format!("default-src 'none'; script-src 'nonce-{nonce}'; frame-ancestors {origin}")
}

fn post(out: &mut Vec<u8>, nonce: &str, write: impl FnOnce(&mut Vec<u8>)) {
    script(out, nonce, |out| {
        out.extend_from_slice(b"parent.postMessage(");
        write(out);
        out.extend_from_slice(b",O)");
    });
}

fn script(out: &mut Vec<u8>, nonce: &str, write: impl FnOnce(&mut Vec<u8>)) {
    for part in ["<script nonce=\"", nonce, "\">"] {
        out.extend_from_slice(part.as_bytes());
    }
    write(out);
    out.extend_from_slice(b"</script>\n");
}
