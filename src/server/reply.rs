//! How one request is answered: what of it must be known until then, the head of the answer, the access log.
//! Law: every request gets exactly one answer, and everyone who may read it can.

use super::access::{Cors, EXPOSED_HEADERS};
use super::connection::{Closing, ConnId, Proto};
use super::problem::{Problem, RETRY_AFTER_S};
use super::{OutPiece, Server};
use crate::base::time::{Millis, Now};
use crate::conn::Http1;
use crate::http::{Connection as After, Head, Method, ResponseBuilder, Version, problem, problem_json};
use crate::transport::{Encoding, Transport, jsonp, sse};
use core::fmt::Write as _;
use std::borrow::Cow;

/// What of a request is known until it is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    version: Version,
    /// The connection takes another request after this one.
    pub keep_alive: bool,
    /// Only the head is asked for.
    pub head_only: bool,
    /// Who may read the answer.
    pub cors: Cors,
    /// By what the channel is read.
    pub transport: Option<Transport>,
    /// The function to call (JSONP).
    pub callback: Option<Box<str>>,
    /// For the access log, if there is one.
    line: Option<Box<LogLine>>,
    began: Millis,
}

#[derive(Clone, Debug)]
struct LogLine {
    method: Box<str>,
    target: Box<str>,
}

/// The fields of an answer besides the usual ones.
pub type Fields<'a> = [(&'a str, &'a str)];

impl Reply {
    /// How `head` is to be answered.
    pub fn new(head: &Head<'_, '_>, cors: Cors, now: Now) -> Self {
        let line = log::log_enabled!(log::Level::Info).then(|| {
            Box::new(LogLine {
                method: head.method_text.into(),
                target: without_secrets(head.raw_target).into(),
            })
        });
        Reply {
            version: head.version,
            keep_alive: head.keep_alive,
            head_only: head.method == Method::Head,
            cors,
            transport: None,
            callback: None,
            line,
            began: now.at,
        }
    }

    /// How to answer what could not be read.
    pub fn to_malformed(now: Now) -> Self {
        Reply {
            version: Version::Http11,
            keep_alive: false,
            head_only: false,
            cors: Cors::default(),
            transport: None,
            callback: None,
            line: None,
            began: now.at,
        }
    }

    /// Moves it out, for whoever answers later.
    pub fn take(&mut self, now: Now) -> Self {
        core::mem::replace(self, Reply::to_malformed(now))
    }

    /// Can the body be cut in chunks? HTTP/1.0 ends it with the connection.
    pub fn can_chunk(&self) -> bool {
        self.version == Version::Http11
    }
}

/// The target with secrets taken out: values in the query, and what names a question.
fn without_secrets(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = path_without_secrets(path);
    let Some(query) = query else { return path.into_owned() };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        // The name may be encoded, and is what it decodes to.
        Some((name, _)) if is_secret(name) => format!("{name}=***"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", shown.collect::<Vec<_>>().join("&"))
}

/// What names a question is a secret. What stands for a client in a path and is longer than the id of one is its
/// session, or may be. The target may be a whole URL.
fn path_without_secrets(path: &str) -> Cow<'_, str> {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    if let Some((before, _)) = decoded.split_once("/asks/") {
        return Cow::Owned(format!("{before}/asks/***").escape_default().to_string());
    }
    let Some((before, rest)) = decoded.split_once("/clients/") else { return Cow::Borrowed(path) };
    let (client, behind) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    match client.len() > CLIENT_ID_LEN {
        true => Cow::Owned(format!("{before}/clients/***{behind}").escape_default().to_string()),
        false => Cow::Borrowed(path),
    }
}

/// Characters of a client's id.
const CLIENT_ID_LEN: usize = 16;

fn is_secret(name: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    ["token", "ticket", "session", "sid"].contains(&&*name)
}

impl Server {
    /// Answers with `body` and turns the connection to the next request, or to its end.
    pub(super) fn respond(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        status: u16,
        fields: &Fields<'_>,
        body: Vec<OutPiece>,
    ) {
        let len: usize = body.iter().map(|piece| piece.as_ref().len()).sum();
        let after = self.after(reply);
        self.write_head(now, id, reply, status, fields, after, Some(len as u64));
        if !reply.head_only {
            for piece in body {
                self.say(id, piece);
            }
        }
        self.log_answer(now, id, reply, status, len);
        self.end_answer(now, id, reply.keep_alive);
    }

    /// Writes the head of an answer. `len` is `None` for a body without an end.
    #[expect(clippy::too_many_arguments, reason = "each is one line of the head")]
    pub(super) fn write_head(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        status: u16,
        fields: &Fields<'_>,
        after: After,
        len: Option<u64>,
    ) {
        let mut out = Vec::with_capacity(320);
        let mut head = ResponseBuilder::begin(&mut out, reply.version, status, self.date.at(now.unix_ms));
        for (name, value) in fields {
            head.field(name, value);
        }
        if let Some(origin) = &reply.cors.allow {
            head.field("Access-Control-Allow-Origin", origin);
            head.field("Access-Control-Expose-Headers", EXPOSED_HEADERS);
            if reply.cors.credentials {
                head.field("Access-Control-Allow-Credentials", "true");
            }
        }
        head.field("Vary", "Origin");
        match len {
            // A 304 has no body, and the length of one it does not have would be a lie.
            Some(_) if status == 304 || status == 101 => {}
            Some(len) => {
                head.content_length(len);
            }
            None if reply.can_chunk() => {
                head.chunked();
            }
            None => {}
        }
        head.connection(after).finish();
        self.say(id, OutPiece::Own(out));
    }

    /// Answers with a problem; JSONP and EventSource get it in the way that they can read.
    pub(super) fn refuse(&mut self, now: Now, id: ConnId, reply: &Reply, problem: &Problem) {
        if problem.status >= 500 {
            log::debug!("#{} {} {}", id.index(), problem.status, problem.detail);
        }
        if let Some(callback) = &reply.callback {
            let mut body = Vec::new();
            jsonp::error(&mut body, callback, &problem_json(problem.status, &problem.detail));
            return self.respond(
                now,
                id,
                reply,
                200,
                Encoding::Jsonp.response_fields(),
                vec![OutPiece::Own(body)],
            );
        }
        if reply.transport == Some(Transport::Sse) && problem.is_passing() {
            return self.refuse_event_source(now, id, reply, problem);
        }
        if reply.transport == Some(Transport::Iframe) && problem.status == 403 {
            return self.refuse_iframe(now, id, reply, problem);
        }
        if let Some(error) = problem.engine {
            let fields = [("Content-Type", "application/json"), ("Cache-Control", "no-store")];
            let body = vec![OutPiece::Own(error.json().into())];
            return self.respond(now, id, reply, problem.status, &fields, body);
        }
        let mut fields = vec![("Content-Type", problem::CONTENT_TYPE), ("Cache-Control", "no-store")];
        fields.extend(problem.field.iter().map(|(name, value)| (*name, &**value)));
        if problem.status == 426 {
            fields.push(("Upgrade", "websocket"));
        }
        let body = vec![OutPiece::Own(problem_json(problem.status, &problem.detail))];
        self.respond(now, id, reply, problem.status, &fields, body);
    }

    /// What a page that may not receive gets in its frame: a page too, which posts nothing.
    fn refuse_iframe(&mut self, now: Now, id: ConnId, reply: &Reply, problem: &Problem) {
        let detail = problem.detail.replace('&', "&amp;").replace('<', "&lt;");
        let page =
            format!("<!doctype html><meta charset=\"utf-8\"><title>{}</title><p>{detail}", problem.status);
        let fields = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", "default-src 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ];
        self.respond(now, id, reply, problem.status, &fields, vec![OutPiece::Own(page.into_bytes())]);
    }

    /// An EventSource that gets anything but 200 never tries again; spread out, so that not all come back at once.
    fn refuse_event_source(&mut self, now: Now, id: ConnId, reply: &Reply, problem: &Problem) {
        let after_ms = RETRY_AFTER_S * 1000;
        let mut body = Vec::new();
        sse::refusal(&mut body, after_ms + self.rng.below(after_ms), problem.status, &problem.detail);
        self.respond(now, id, reply, 200, Encoding::SseBare.response_fields(), vec![OutPiece::Own(body)]);
    }
    /// What the head says of the connection.
    pub(super) fn after(&self, reply: &Reply) -> After {
        if reply.keep_alive && !self.is_draining { After::KeepAlive } else { After::Close }
    }

    /// What comes after an answer: the next request, or the end.
    pub(super) fn end_answer(&mut self, now: Now, id: ConnId, keep_alive: bool) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let is_over = !keep_alive || self.is_draining;
        let next = if is_over {
            Proto::Closing(Closing { is_write_closed: false })
        } else {
            Proto::Http(Http1::default())
        };
        conn.turn_to(next, now.at);
        self.mark_dirty(id);
        self.arm(id);
    }

    /// Appends a piece to what the connection says, and has it flushed this turn.
    pub(super) fn say(&mut self, id: ConnId, piece: OutPiece) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        self.own_bytes += piece.own_len();
        let is_joined = match &piece {
            OutPiece::Own(bytes) => self.pool.extend(&mut conn.queue, bytes, OutPiece::join),
            OutPiece::Shared(_) => false,
        };
        if !is_joined {
            self.pool.push(&mut conn.queue, piece);
        }
        self.mark_dirty(id);
    }

    /// One line in the access log.
    pub(super) fn log_answer(&self, now: Now, id: ConnId, reply: &Reply, status: u16, bytes: usize) {
        let Some(line) = &reply.line else { return };
        let mut text = self.peer_name(id);
        let _ = write!(
            text,
            " {} {} {status} {bytes}B {}ms",
            line.method,
            line.target,
            now.at.since(reply.began)
        );
        if let Some(transport) = reply.transport {
            let _ = write!(text, " {}", transport.name());
        }
        log::info!(target: "access", "{text}");
    }

    /// Who is at the other end, for the log.
    pub(super) fn peer_name(&self, id: ConnId) -> String {
        match self.conns.get(id).and_then(|conn| conn.address) {
            Some(address) => address.to_string(),
            None => "unix".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_no_secrets() {
        assert_eq!(without_secrets("/a"), "/a");
        assert_eq!(without_secrets("/asks/abc?wait=1&session=s"), "/asks/***?wait=1&session=***");
        assert_eq!(without_secrets("/asks/abc"), "/asks/***");
        assert_eq!(without_secrets("http://localhost/asks/abc?wait=1"), "http://localhost/asks/***?wait=1");
        assert_eq!(without_secrets("/%61sks/abc"), "/asks/***");
        assert_eq!(
            without_secrets("/a?token=abc&x=1&ticket=&session=s&tok%65n=q&tokens=1&sid=s"),
            "/a?token=***&x=1&ticket=***&session=***&tok%65n=***&tokens=1&sid=***"
        );
        let id = "/clients/0123456789abcdef";
        assert_eq!(without_secrets(id), id);
        let shown = "/clients/***/subscriptions";
        for session in ["0123456789012345678901", "a".repeat(64).as_str(), "%300123456789abcdef"] {
            assert_eq!(without_secrets(&format!("/clients/{session}/subscriptions")), shown);
            assert_eq!(without_secrets(&format!("/%63lients/{session}%2Fsubscriptions")), shown);
            assert_eq!(without_secrets(&format!("http://a/clients/{session}?x")), "http://a/clients/***?x");
        }
    }
}
