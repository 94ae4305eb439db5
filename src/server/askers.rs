//! Who waits for the end of a question, and what they are told (API: Asking).  Law: each is told once: the end of its
//! question, or at its deadline that it is still open.

use super::connection::{ConnId, Pending, Proto, Waiting};
use super::problem::Problem;
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::{Millis, Now};
use crate::http::{problem, problem_json};
use crate::hub::{AskError, AskState};
use crate::limits::ASKERS_OF_CONNECTION_MAX;
use crate::message::{Answer, AskerId, Format};
use crate::transport::encoded::Piece;
use crate::transport::envelope::write_data;
use crate::transport::json::{self, Escape};
use crate::ws::CloseCode;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A held request.
    Request(ConnId),
    /// A command of a WebSocket, with its `ref` as JSON.
    Command(ConnId, Box<str>),
}

impl Asker {
    fn conn(&self) -> ConnId {
        match self {
            Asker::Request(id) | Asker::Command(id, _) => *id,
        }
    }
}

/// When one of them is told in any case, and which of those it is.
type Place = (Millis, u64);

/// All that wait, found by their deadline, their question and their connection.
#[derive(Default)]
pub(super) struct Askers {
    held: BTreeMap<Place, (AskerId, Asker)>,
    by_question: HashMap<AskerId, BTreeSet<Place>>,
    by_conn: HashMap<ConnId, BTreeSet<Place>>,
    serial: u64,
    /// The answers that were told in this turn.
    told: HashMap<AskerId, Told>,
}

/// An answer as it is told, made once for all that wait for it.
#[derive(Default)]
struct Told {
    /// To requests.
    body: Option<Piece>,
    /// To commands: members of the reply.
    members: Option<Piece>,
}

impl Askers {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// When the next of them is told in any case.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.held.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// May one more be held for this connection?
    fn has_room_for(&self, id: ConnId) -> bool {
        self.by_conn.get(&id).is_none_or(|places| places.len() < ASKERS_OF_CONNECTION_MAX)
    }

    /// The turn is over.
    pub(super) fn end_turn(&mut self) {
        self.told.clear();
    }

    fn hold(&mut self, question: AskerId, asker: Asker, deadline: Millis) {
        self.serial += 1;
        let place = (deadline, self.serial);
        self.by_question.entry(question).or_default().insert(place);
        self.by_conn.entry(asker.conn()).or_default().insert(place);
        self.held.insert(place, (question, asker));
    }

    fn take(&mut self, place: Place) -> Option<(AskerId, Asker)> {
        let (question, asker) = self.held.remove(&place)?;
        remove(&mut self.by_question, question, place);
        remove(&mut self.by_conn, asker.conn(), place);
        Some((question, asker))
    }

    /// One that waits for the end of `question`.
    fn take_by_question(&mut self, question: AskerId) -> Option<Asker> {
        let place = *self.by_question.get(&question)?.first()?;
        self.take(place).map(|(_, asker)| asker)
    }

    fn take_due(&mut self, now: Millis) -> Option<(AskerId, Asker)> {
        let (place, _) = self.held.first_key_value()?;
        let place = *place;
        (place.0 <= now).then(|| self.take(place)).flatten()
    }

    /// Forgets whoever waited on a connection that is gone.
    pub(super) fn let_go(&mut self, id: ConnId) {
        while let Some(place) = self.by_conn.get(&id).and_then(BTreeSet::first).copied() {
            self.take(place);
        }
    }
}

fn remove<K: core::hash::Hash + Eq>(table: &mut HashMap<K, BTreeSet<Place>>, key: K, place: Place) {
    let Some(places) = table.get_mut(&key) else { return };
    places.remove(&place);
    if places.is_empty() {
        table.remove(&key);
    }
}

/// How long one of them is held.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct AskWait {
    /// Seconds.
    pub seconds: u64,
    /// It came by `Prefer` (RFC 7240), which is confirmed.
    pub by_prefer: bool,
}

impl Server {
    /// Tells a request how its question ended, or holds it until it does.
    pub(super) fn hold_request(
        &mut self,
        now: Now,
        id: ConnId,
        reply: Reply,
        question: AskerId,
        wait: AskWait,
    ) {
        let on = Pending::Question { asker: question, wait };
        if let Some(conn) = self.conns.get_mut(id) {
            conn.turn_to(Proto::Waiting(Box::new(Waiting { reply, on })), now.at);
        }
        self.hold_asker(now, question, Asker::Request(id), wait.seconds);
        self.arm(id);
    }

    /// Tells whoever asks how its question ended, or holds it until it does.
    pub(super) fn hold_asker(&mut self, now: Now, question: AskerId, asker: Asker, wait_s: u64) {
        self.hub.tick(now.unix_ms);
        let is_open = self.hub.question(question).is_some_and(|ask| matches!(ask.state, AskState::Open));
        let has_room = self.parked + self.askers.len() < self.settings.max_parked
            && self.askers.has_room_for(asker.conn());
        if !is_open || wait_s == 0 || self.is_draining || !has_room {
            self.tell_asker(now, question, &asker);
        } else {
            self.askers.hold(question, asker, now.at + wait_s * 1000);
        }
        self.tell_ended(now);
    }

    /// Tells all that wait for questions that have ended since the last call.
    pub(super) fn tell_ended(&mut self, now: Now) {
        while let Some(question) = self.hub.poll_ended() {
            while let Some(asker) = self.askers.take_by_question(question) {
                self.tell_asker(now, question, &asker);
            }
        }
    }

    /// Tells those whose time is up that their question is still open.
    pub(super) fn tell_due(&mut self, now: Now) {
        while let Some((question, asker)) = self.askers.take_due(now.at) {
            self.tell_asker(now, question, &asker);
        }
    }

    /// Answers the held asker of a connection with what there is.
    pub(super) fn end_asking(&mut self, now: Now, id: ConnId) {
        let Some(places) = self.askers.by_conn.get(&id) else { return };
        for place in places.clone() {
            if let Some((question, asker)) = self.askers.take(place) {
                self.tell_asker(now, question, &asker);
            }
        }
    }

    fn tell_asker(&mut self, now: Now, question: AskerId, asker: &Asker) {
        match asker {
            Asker::Request(id) => self.tell_request(now, *id, question),
            Asker::Command(id, reference) => self.tell_command(now, *id, reference, question),
        }
    }

    fn tell_command(&mut self, now: Now, id: ConnId, reference: &str, question: AskerId) {
        let queue_max = self.settings.max_queue;
        if self.conns.get(id).is_some_and(|conn| conn.is_blocked && conn.queue.len() > queue_max) {
            return self.close_socket(now, id, CloseCode::POLICY, "it does not read what it asked for");
        }
        match self.told_members(question) {
            Some(members) => self.say_shared_reply(id, reference, members),
            None => {
                let members = self.reply_members(question);
                self.say_command_reply(id, reference, &members);
            }
        }
    }

    /// What an answer is to requests; nothing if it is empty.
    fn told_body(&mut self, question: AskerId) -> Vec<OutPiece> {
        let Some(AskState::Answered(answer)) = self.hub.question(question).map(|ask| &ask.state) else {
            return Vec::new();
        };
        let cache = &self.cache;
        let body = &mut self.askers.told.entry(question).or_default().body;
        vec![OutPiece::Shared(body.get_or_insert_with(|| cache.lone(answer.data.to_vec())).clone())]
    }

    /// What an answer is to commands; `None` if there is none.
    fn told_members(&mut self, question: AskerId) -> Option<Piece> {
        if let Some(told) = self.askers.told.get(&question).and_then(|told| told.members.clone()) {
            return Some(told);
        }
        let state = &self.hub.question(question)?.state;
        if !matches!(state, AskState::Answered(_)) {
            return None;
        }
        let members = self.cache.lone(self.reply_members(question).into_bytes());
        self.askers.told.entry(question).or_default().members = Some(members.clone());
        Some(members)
    }

    fn tell_request(&mut self, now: Now, id: ConnId, question: AskerId) {
        let Some(conn) = self.conns.get(id) else { return };
        let Proto::Waiting(waiting) = &conn.proto else { return };
        let Pending::Question { wait, .. } = waiting.on else { return };
        let Some(reply) = self.take_waiting(now, id) else { return };
        let Some(ask) = self.hub.question(question) else {
            return self.refuse(now, id, &reply, &AskError::Unknown.into());
        };
        let subscribers = self.hub.subscribers(&ask.channel).to_string();
        let applied = format!("wait={}", wait.seconds);
        let location = format!("/asks/{question}");
        let mut fields = vec![("Holdline-Subscribers", subscribers.as_str()), ("Cache-Control", "no-store")];
        if wait.by_prefer {
            fields.push(("Preference-Applied", &applied));
        }
        let (status, body) = match &ask.state {
            AskState::Answered(answer) => {
                let status = answer.status;
                let (content_type, by) =
                    (content_type(answer).to_owned(), answer.by.map(|id| id.to_string()));
                if status != 204 {
                    fields.push(("Content-Type", &content_type));
                }
                fields.extend(by.as_deref().map(|by| ("Holdline-Answered-By", by)));
                fields.extend_from_slice(ANSWERED_FIELDS);
                let body = self.told_body(question);
                return self.respond(now, id, &reply, status, &fields, body);
            }
            AskState::Open => {
                fields.extend([("Holdline-Ask", "pending"), ("Location", &location), ("Content-Type", JSON)]);
                // An id needs no escaping.
                (
                    202,
                    format!(r#"{{"ask":"{question}","state":"pending","subscribers":{subscribers}}}"#).into(),
                )
            }
            AskState::Withdrawn => {
                fields.extend([("Holdline-Ask", "withdrawn"), ("Content-Type", problem::CONTENT_TYPE)]);
                (410, problem_json(410, AskError::Withdrawn.detail()))
            }
            AskState::Expired => {
                fields.extend([("Holdline-Ask", "expired"), ("Content-Type", problem::CONTENT_TYPE)]);
                (504, problem_json(504, "nobody answered in the time of the question"))
            }
        };
        self.respond(now, id, &reply, status, &fields, vec![OutPiece::Own(body)]);
    }

    /// What a reply over a WebSocket says of a question.
    fn reply_members(&self, question: AskerId) -> String {
        let Some(ask) = self.hub.question(question) else {
            return super::command::error_member(&AskError::Unknown.into());
        };
        let subscribers = self.hub.subscribers(&ask.channel);
        let mut out = Vec::new();
        let (state, status) = match &ask.state {
            AskState::Open => ("pending", 202),
            AskState::Answered(answer) => ("answered", answer.status),
            AskState::Withdrawn => ("withdrawn", 410),
            AskState::Expired => ("expired", 504),
        };
        write!(out, r#""ask":"{question}","state":"{state}","status":{status},"subscribers":{subscribers}"#)
            .expect("a Vec takes every write");
        if let AskState::Answered(answer) = &ask.state {
            write_answer(&mut out, answer);
        }
        String::from_utf8(out).expect("what is written as JSON is UTF-8")
    }
}

fn write_answer(out: &mut Vec<u8>, answer: &Answer) {
    write_data(out, answer.format, &answer.data, Escape::Plain);
    let shown = answer.content_type.as_deref().filter(|text| {
        let media_type = crate::http::MediaType::parse(text);
        media_type.is_some_and(|media| !media.is("application/json") && !media.is("text/plain"))
    });
    if let Some(content_type) = shown {
        out.extend_from_slice(b",\"content_type\":");
        json::string(out, content_type, Escape::Plain);
    }
    if let Some(by) = answer.by {
        write!(out, r#","answered_by":"{by}""#).expect("a Vec takes every write");
    }
}

/// The media type of an answer, also if nobody gave one.
fn content_type(answer: &Answer) -> &str {
    match (&answer.content_type, answer.format) {
        (Some(given), _) => given,
        (None, Format::Json) => JSON,
        (None, Format::Text) => "text/plain; charset=utf-8",
        (None, Format::Binary) => "application/octet-stream",
    }
}

const JSON: &str = "application/json";

/// Of every answer to a question: what somebody else wrote must not act in the name of this origin.
const ANSWERED_FIELDS: &[(&str, &str)] = &[
    ("Holdline-Ask", "answered"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "sandbox"),
];

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        Problem::new(error.status(), error.detail())
    }
}
