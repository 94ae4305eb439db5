//! From a request head to whoever answers it.  Law: `Host`, then `Origin`, then the route, then the method: nothing is
//! done before all of them are judged.

use super::connection::ConnId;
use super::problem::Problem;
use super::publish::Writing;
use super::reading::Parameters;
use super::reply::Reply;
use super::{Server, access, socket};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::handler::{HandlerId, Place};
use crate::http::{Head, Method, decode_path};
use crate::hub::AskError;

/// What a path names.
enum Route {
    Channel(ChannelName),
    Channels,
    Presence(ChannelName),
    Clients,
    /// What follows `/clients/`.
    OneClient(Box<str>),
    /// Of the client with this session.
    Subscriptions(String),
    Publish,
    Ask(ChannelName),
    /// What follows `/asks/`.
    Question(Box<str>),
    Alive,
    Ready,
    Stats,
    ListChannels,
    Console,
    Script,
    /// An application answers.
    Handler(HandlerId),
    /// Perhaps a file.
    Other,
}

/// What is to be done about a request once its head is judged.
pub(super) enum Judged {
    /// It is answered, or will be.
    Done,
    /// It wants its body.
    Body(Writing),
}

impl Server {
    /// Does what a request asks for, or refuses it.
    pub(super) fn request(&mut self, now: Now, id: ConnId, head: &Head<'_, '_>) -> Judged {
        let cors = access::cors(&self.settings, head);
        let mut reply = Reply::new(head, cors, now);
        // What is behind an unread body cannot be found; only a POST's is read.
        if head.framing.has_body() && head.method != Method::Post {
            reply.keep_alive = false;
        }
        match self.judge(now, id, head, &mut reply) {
            Ok(judged) => judged,
            Err(problem) => {
                if head.framing.has_body() && reply.keep_alive && !head.expect_continue {
                    return Judged::Body(Writing::refused(reply, problem));
                }
                // Whoever asks first whether to send the body may send it or not.
                reply.keep_alive &= !head.framing.has_body();
                self.refuse(now, id, &reply, &problem);
                Judged::Done
            }
        }
    }

    fn judge(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
    ) -> Result<Judged, Problem> {
        let is_upgrade = socket::is_upgrade(head);
        if !is_upgrade {
            reply.callback = jsonp_callback(head);
        }
        self.check_host(id, head)?;
        if let Some((site, below)) = self.session_site(head.target.path) {
            return self.engine_request(now, id, head, reply, (site, below), is_upgrade);
        }
        access::check_deed(&self.settings, head, is_upgrade)?;
        let route = self.route(head)?;
        if head.method == Method::Options {
            self.preflight(now, id, reply);
            return Ok(Judged::Done);
        }
        match (route, head.method) {
            (Route::Channel(channel), _) if is_upgrade => {
                self.open_socket(now, id, head, reply, Some(channel))?
            }
            (Route::Channels, _) if is_upgrade => self.open_socket(now, id, head, reply, None)?,
            (Route::Channel(channel), Method::Get | Method::Head) => {
                self.read_channels(now, id, head, reply, Some(channel))?;
            }
            (Route::Channels, Method::Get | Method::Head) => {
                self.read_channels(now, id, head, reply, None)?
            }
            (Route::Channel(channel), Method::Post) => {
                return self.begin_publish(now, head, reply, channel).map(Judged::Body);
            }
            (Route::Presence(channel), Method::Get | Method::Head) => {
                self.answer_presence(now, id, reply, &channel);
            }
            (Route::Clients, Method::Get | Method::Head) => self.answer_clients(now, id, head, reply)?,
            (Route::OneClient(client), Method::Post) => {
                return self.begin_send(now, head, reply, &client).map(Judged::Body);
            }
            (Route::OneClient(client), Method::Delete) => self.disconnect(now, id, reply, &client)?,
            (Route::Subscriptions(session), Method::Post) => {
                return self.begin_subscriptions(now, reply, session).map(Judged::Body);
            }
            (Route::Publish, Method::Post) => return self.begin_bulk(now, head, reply).map(Judged::Body),
            (Route::Ask(channel), Method::Post) => {
                return self.begin_ask(now, head, reply, channel).map(Judged::Body);
            }
            (Route::Question(ask), Method::Post) => {
                return self.begin_answer(now, head, reply, parse_ask(&ask)?).map(Judged::Body);
            }
            (Route::Question(asker), Method::Get | Method::Head) => {
                self.take_up(now, id, head, reply, parse_ask(&asker)?)?;
            }
            (Route::Question(asker), Method::Delete) => {
                self.withdraw(now, id, reply.take(now), parse_ask(&asker)?);
            }
            (Route::Channel(channel), Method::Delete) => {
                self.delete_channel(now, id, reply.take(now), channel)
            }
            (Route::Handler(handler), _) => self.open_handled(now, id, head, reply, handler)?,
            (Route::Alive, Method::Get | Method::Head) => {
                self.answer_json(now, id, reply, ALIVE.to_owned(), &[])
            }
            (Route::Ready, Method::Get | Method::Head) => self.answer_ready(now, id, reply)?,
            (Route::Stats, Method::Get | Method::Head) => {
                let body = serde_json::to_string(&self.stats()).unwrap_or_default();
                self.answer_json(now, id, reply, body, &[]);
            }
            (Route::ListChannels, Method::Get | Method::Head) => {
                self.answer_channels(now, id, head, reply)?
            }
            (Route::Script, Method::Get | Method::Head) => self.answer_client(now, id, head, reply),
            (Route::Console | Route::Other, Method::Get | Method::Head) => {
                self.open_file(now, id, head, reply)?
            }
            (Route::Channel(_), _) => {
                return Err(Problem::method("GET, HEAD, POST, DELETE, OPTIONS"));
            }
            (Route::OneClient(_), _) => return Err(Problem::method("POST, DELETE, OPTIONS")),
            (Route::Question(_), _) => return Err(Problem::method("GET, HEAD, POST, DELETE, OPTIONS")),
            (Route::Ask(_) | Route::Publish | Route::Subscriptions(_), _) => {
                return Err(Problem::method("POST, OPTIONS"));
            }
            (Route::Other, _) if !self.settings.public => return Err(not_found()),
            (
                Route::Channels
                | Route::Presence(_)
                | Route::Clients
                | Route::Script
                | Route::Alive
                | Route::Ready
                | Route::Stats
                | Route::ListChannels
                | Route::Console
                | Route::Other,
                _,
            ) => return Err(Problem::method("GET, HEAD, OPTIONS")),
        }
        Ok(Judged::Done)
    }

    fn check_host(&self, id: ConnId, head: &Head<'_, '_>) -> Result<(), Problem> {
        let listener = self.conns.get(id).and_then(|conn| self.listeners.get(conn.listener as usize));
        access::check_host(&self.settings, listener.is_some_and(|listener| listener.loopback), head)
    }

    fn route(&self, head: &Head<'_, '_>) -> Result<Route, Problem> {
        let path = head.target.path;
        match self.handlers.at(path) {
            Some((Place::WebSocket(handler), _)) => return Ok(Route::Handler(handler)),
            Some((Place::Engine(_) | Place::Namespaces(_), _)) | None => {}
        }
        if let Some(name) = path.strip_prefix("/channels/") {
            return Ok(Route::Channel(ChannelName::parse(&decode_path(name)?)?));
        }
        if let Some(name) = path.strip_prefix("/presence/") {
            return Ok(Route::Presence(ChannelName::parse(&decode_path(name)?)?));
        }
        if let Some(rest) = path.strip_prefix("/clients/") {
            return match rest.split_once('/') {
                Some((session, "subscriptions")) => Ok(Route::Subscriptions(decode_path(session)?.into())),
                Some(_) => Err(not_found()),
                None => Ok(Route::OneClient(rest.into())),
            };
        }
        if let Some(name) = path.strip_prefix("/ask/") {
            return Ok(Route::Ask(ChannelName::parse(&decode_path(name)?)?));
        }
        if let Some(id) = path.strip_prefix("/asks/") {
            return Ok(Route::Question(id.into()));
        }
        Ok(match path {
            "/channels" => Route::Channels,
            "/clients" => Route::Clients,
            "/publish" => Route::Publish,
            "/livez" | "/healthz" | "/health" => Route::Alive,
            "/readyz" => Route::Ready,
            "/stats" => Route::Stats,
            "/stats/channels" => Route::ListChannels,
            "/holdline.js" => Route::Script,
            "/" => Route::Console,
            _ => Route::Other,
        })
    }

    /// Answers a preflight. Without an allowed origin it allows nothing.
    pub(super) fn preflight(&mut self, now: Now, id: ConnId, reply: &Reply) {
        let headers = access::request_headers();
        let max_age = access::PREFLIGHT_MAX_AGE_S.to_string();
        let fields: &[(&str, &str)] = &[
            ("Access-Control-Allow-Methods", access::METHODS),
            ("Access-Control-Allow-Headers", &headers),
            ("Access-Control-Max-Age", &max_age),
        ];
        let fields = if reply.cors.allow.is_some() {
            fields
        } else {
            &[("Allow", "GET, HEAD, POST, DELETE, OPTIONS")]
        };
        self.respond(now, id, reply, 204, fields, Vec::new());
    }

    fn answer_ready(&mut self, now: Now, id: ConnId, reply: &Reply) -> Result<(), Problem> {
        if self.drain.is_some() {
            return Err(Problem::new(503, "the server is draining"));
        }
        if !self.journal.is_up() {
            return Err(Problem::new(503, "the journal takes no messages at present"));
        }
        self.answer_json(now, id, reply, READY.to_owned(), &[]);
        Ok(())
    }
}

/// The first parts of the paths that the server answers itself.
pub const OWN_NAMES: [&str; 13] = [
    "ask",
    "asks",
    "channels",
    "clients",
    "echo",
    "health",
    "healthz",
    "holdline.js",
    "livez",
    "presence",
    "publish",
    "readyz",
    "stats",
];

/// The function that even a refusal must be handed to, for a script element cannot read a status.
fn jsonp_callback(head: &Head<'_, '_>) -> Option<Box<str>> {
    let query = head.target.query.filter(|query| query.contains("callback"))?;
    if !matches!(head.method, Method::Get | Method::Head) || !head.target.path.starts_with("/channels") {
        return None;
    }
    Parameters::parse(Some(query)).ok()?.jsonp_callback()
}

/// What is no id names no question.
fn parse_ask<T: core::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| AskError::Unknown.into())
}

pub(super) fn not_found() -> Problem {
    Problem::new(404, "there is nothing here; channels are at /channels/NAME")
}

const ALIVE: &str = r#"{"status":"alive"}"#;
const READY: &str = r#"{"status":"ready"}"#;
