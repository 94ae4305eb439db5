//! `GET /holdline.js`: the browser client, which is part of the program.  Law: whoever has it already, by its tag, gets
//! none of it again; every page may load it, for it tells nothing.

use super::access::Cors;
use super::connection::ConnId;
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::http::Head;
use crate::http::conditional::if_none_match;
use sha1::{Digest, Sha1};
use std::sync::LazyLock;

const SOURCE: &str = include_str!("../../client/holdline.js");

/// The source without its comments and its indentation. Its lines keep their numbers.
static CLIENT: LazyLock<String> = LazyLock::new(|| {
    let code = SOURCE.lines().map(|line| {
        let line = line.trim_start();
        let end = if line.starts_with("// ") { 0 } else { line.find(" // ").unwrap_or(line.len()) };
        line[..end].to_owned() + "\n"
    });
    code.collect()
});

/// Another one as soon as a byte is.
static ETAG: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha1::digest(CLIENT.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
});

impl Server {
    /// Answers with the client, or with 304.
    pub(super) fn answer_client(&mut self, now: Now, id: ConnId, head: &Head<'_, '_>, reply: &mut Reply) {
        reply.cors = Cors { allow: Some("*".into()), credentials: false };
        let fields = [
            ("Content-Type", "text/javascript; charset=utf-8"),
            ("ETag", ETAG.as_str()),
            // Kept, and asked for again each time: another server brings another client at the next load.
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ];
        let is_known = head.headers.get("if-none-match").is_some_and(|value| if_none_match(value, &ETAG));
        if is_known {
            return self.respond(now, id, reply, 304, &fields, Vec::new());
        }
        self.respond(now, id, reply, 200, &fields, vec![OutPiece::Own(CLIENT.as_bytes().to_vec())]);
    }
}
