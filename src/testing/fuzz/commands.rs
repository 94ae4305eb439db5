//! The commands of `holdline.v1`, fed arbitrary lines.

use super::members::Members;
use super::wire;
use crate::channel_name::ChannelName;
use crate::limits::Settings;
use crate::message::{AskId, AskerId, MessageId};
use crate::testing::decode::handshake::Handshake;
use crate::testing::driver::{Line, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

/// Commands in one run.
const COMMANDS_MAX: usize = 16;
/// Channels of one connection: few, so that the bound is met.
const SUBSCRIPTIONS_MAX: usize = 8;

/// Law: whatever stands in a text frame, the connection stays, and each command gets at most one answer, with its own
/// `ref`; a naive reader of the same line agrees on who is answered, what is a ping, which subscriptions are granted, who
/// is present, and what a message says. A command that is spelled in another way, with members nobody knows, does the
/// same. What is delivered says the same when it is published again.
///
/// Each line is a command. In it `$ASK` stands for the question that was heard last, and `$ASKER` for the one asked last.
pub fn commands(data: &[u8]) {
    let lines = data.split(|&b| b == b'\n').filter_map(|line| core::str::from_utf8(line).ok());
    let mut lines: Vec<String> = lines.take(COMMANDS_MAX).map(str::to_owned).collect();
    let mut client = Client::new();
    let mut subscribed = BTreeSet::from(["a".to_owned()]);
    let mut said = Vec::new();
    for line in &mut lines {
        *line = with_ids(line, &said);
        let answers = client.command(line);
        check_answer(line, &answers, &mut subscribed);
        said.push(answers);
    }
    assert_eq!(client.command("{\"type\":\"ping\"}"), ["{\"type\":\"pong\"}"], "the connection stays");
    let mut other = Client::new();
    for (line, answers) in lines.iter().zip(&said) {
        let again = match Members::parse(line) {
            Some(members) => members.spelled_otherwise(),
            None => line.clone(),
        };
        assert_eq!(undetailed(&other.command(&again)), undetailed(answers), "{again}");
    }
    let mut third = Client::new();
    for message in said.iter().flatten().filter_map(|answer| of_type(answer, "message")) {
        check_published_again(&message, &mut third);
    }
}

const HANDSHAKE: Handshake<'_> = Handshake {
    target: "/channels/a?since=start",
    protocols: Some("holdline.v1"),
    extensions: None,
    fields: &[],
};

/// A connection of a world of its own, which listens on the channel `a`.
struct Client {
    world: World,
    line: Line,
    /// Bytes that were looked at.
    seen: usize,
}

impl Client {
    fn new() -> Self {
        let settings = Settings { max_subscriptions: SUBSCRIPTIONS_MAX, ..Settings::default() };
        let mut world = World::new(settings);
        let line = world.connect();
        world.send(line, HANDSHAKE.request().as_bytes());
        world.settle();
        let head = memchr::memmem::find(world.written(line), b"\r\n\r\n").expect("a head");
        let mut client = Client { world, line, seen: head + 4 };
        assert_eq!(client.heard().len(), 1, "a welcome");
        client
    }

    /// Everything that is said when this was sent.
    fn command(&mut self, text: &str) -> Vec<String> {
        let mut frame = Vec::new();
        wire::text_frame(text.as_bytes(), &mut frame);
        self.world.send(self.line, &frame);
        self.world.settle();
        assert!(!self.world.is_closed(self.line), "the connection stays");
        self.heard()
    }

    fn heard(&mut self) -> Vec<String> {
        let written = &self.world.written(self.line)[self.seen..];
        self.seen += written.len();
        let texts = wire::frames(written).into_iter().map(|(first, payload)| {
            assert_eq!(first, 0x81, "text, whole");
            String::from_utf8(payload.to_vec()).expect("text is UTF-8")
        });
        texts.collect()
    }
}

/// The line with the ids of the question heard last and of the one asked last.
fn with_ids(line: &str, said: &[Vec<String>]) -> String {
    let last = |kind| {
        let all = said.iter().flatten().rev().filter_map(|answer| of_type(answer, kind));
        all.filter_map(|members| members.string("ask")).next().unwrap_or_default()
    };
    match line.contains("$ASK") {
        true => line.replace("$ASKER", &last("asked")).replace("$ASK", &last("message")),
        false => line.to_owned(),
    }
}

/// What is said, but for what an error says to people: there the place of the error stands.
fn undetailed(answers: &[String]) -> Vec<String> {
    let plain = |answer: &String| match Members::parse(answer).filter(|members| members.count("error") > 0) {
        Some(members) => {
            let error: serde_json::Value =
                serde_json::from_str(members.get("error").expect("it is there")).expect("an object");
            format!("{} {}", members.without(&["error"]).to_json(), error["status"])
        }
        None => answer.clone(),
    };
    answers.iter().map(plain).collect()
}

fn of_type(answer: &str, kind: &str) -> Option<Members> {
    let members = Members::parse(answer).expect("what is said is an object");
    (members.string("type").as_deref() == Some(kind)).then_some(members)
}

/// What a naive reader expects to be said to this line; `subscribed` is kept up to date.
fn check_answer(line: &str, answers: &[String], subscribed: &mut BTreeSet<String>) {
    let pongs: Vec<Members> = answers.iter().filter_map(|answer| of_type(answer, "pong")).collect();
    // What became of a question is told to whoever asked, whatever ended it.
    let replies = answers.iter().filter_map(|answer| of_type(answer, "reply"));
    let (outcomes, replies): (Vec<Members>, Vec<Members>) =
        replies.partition(|reply| reply.count("state") > 0);
    assert!(pongs.len() + replies.len() <= 1, "one answer: {answers:?}");
    let answer = pongs.first().or(replies.first());
    let refused = answer.is_some_and(|answer| answer.count("error") > 0);
    let Some(command) = Command::read(line) else {
        assert!(refused && answer.is_some_and(|answer| answer.count("ref") == 0), "{answers:?}");
        return;
    };
    if (command.reference.is_some() && command.kind != "ask") || refused {
        assert_eq!(answer.and_then(|answer| answer.get("ref")), command.reference.as_deref());
        assert!(answer.is_some(), "it is answered");
    }
    assert_eq!(!pongs.is_empty(), command.kind == "ping");
    match &*command.kind {
        "ping" => {}
        "publish" => {
            let published = replies.first().and_then(|reply| reply.string("id"));
            assert_eq!(published.is_some(), command.reference.is_some() && !refused);
            assert!(published.is_none_or(|id| id.parse::<MessageId>().is_ok()));
            for message in answers.iter().filter_map(|answer| of_type(answer, "message")) {
                check_delivered(&Members::parse(line).expect("it was read"), &message);
            }
        }
        "subscribe" => {
            let mut wanted = subscribed.clone();
            wanted.extend(command.channels.iter().flatten().cloned());
            let granted = command.channels.is_some() && wanted.len() <= SUBSCRIPTIONS_MAX;
            assert_eq!(!refused, granted, "{answers:?}");
            if granted {
                *subscribed = wanted;
            }
        }
        "unsubscribe" => {
            assert_eq!(!refused, command.channels.is_some(), "{answers:?}");
            subscribed.retain(|name| !command.channels.iter().flatten().any(|gone| gone == name));
        }
        "presence" => {
            let line = Members::parse(line).expect("it was read");
            check_presence(&line, &replies, refused, subscribed);
        }
        "ask" => {
            let line = Members::parse(line).expect("it was read");
            check_asked(&line, &command, answers, refused);
        }
        "answer" | "withdraw" => {
            let told = answers.iter().filter_map(|answer| of_type(answer, "notice"));
            let ends = told.filter(|notice| notice.string("notice").as_deref() == Some("withdrawn")).count();
            assert!(ends + outcomes.len() == 0 || !refused, "what was refused ends nothing: {answers:?}");
        }
        _ => assert!(refused),
    }
    assert!(outcomes.is_empty() || ["ask", "answer", "withdraw"].contains(&&*command.kind), "{answers:?}");
}

/// The client is the only one there, and it is where it subscribed.
fn check_presence(line: &Members, replies: &[Members], refused: bool, subscribed: &BTreeSet<String>) {
    let channel = line.string("channel").filter(|name| ChannelName::parse(name).is_ok());
    let channel = channel.filter(|_| line.count("channel") == 1);
    assert_eq!(!refused, channel.is_some());
    for reply in replies.iter().filter(|_| !refused) {
        let count = usize::from(channel.as_ref().is_some_and(|name| subscribed.contains(name)));
        assert_eq!(reply.string("channel"), channel);
        assert_eq!(reply.get("count"), Some(&*count.to_string()));
    }
}

/// A new question is confirmed to whoever gave a `ref`, and delivered; one that is taken up again is not.
fn check_asked(line: &Members, command: &Command, answers: &[String], refused: bool) {
    let is_new = matches!(line.get("ask"), None | Some("null"));
    let asked: Vec<Members> = answers.iter().filter_map(|answer| of_type(answer, "asked")).collect();
    assert_eq!(asked.len(), usize::from(is_new && !refused && command.reference.is_some()), "{answers:?}");
    for asked in &asked {
        assert_eq!(asked.get("ref"), command.reference.as_deref());
        assert!(asked.string("ask").is_some_and(|id| id.parse::<AskerId>().is_ok()));
    }
    let questions: Vec<Members> = answers.iter().filter_map(|answer| of_type(answer, "message")).collect();
    assert!(questions.len() <= usize::from(is_new && !refused), "{answers:?}");
    for question in &questions {
        assert!(question.string("ask").is_some_and(|id| id.parse::<AskId>().is_ok()));
        check_delivered(line, question);
    }
}

/// A line as a naive reader sees it.
struct Command {
    kind: String,
    reference: Option<String>,
    /// Those of a subscribe or unsubscribe that says nothing wrong.
    channels: Option<Vec<String>>,
}

impl Command {
    /// `None`: it is no command at all, so nobody can be answered by `ref`.
    fn read(line: &str) -> Option<Self> {
        let members = Members::parse(line)?;
        if members.count("type") > 1 || members.count("ref") > 1 {
            return None;
        }
        let kind = match members.get("type") {
            None | Some("null") => String::new(),
            Some(_) => members.string("type")?,
        };
        let reference = members.get("ref").map(str::to_owned);
        if reference.as_ref().is_some_and(|json| json.starts_with(['{', '['])) {
            return None;
        }
        let since_is_fine = match members.get("since") {
            None | Some("null" | "\"\"") => true,
            Some(_) => {
                members.string("since").is_some_and(|id| id.is_empty() || id.parse::<MessageId>().is_ok())
            }
        };
        let channels = members
            .get("channels")
            .and_then(|list| serde_json::from_str::<Vec<String>>(list).ok())
            .filter(|list| !list.is_empty() && list.iter().all(|name| ChannelName::parse(name).is_ok()))
            .filter(|_| since_is_fine && members.count("since") <= 1 && members.count("channels") == 1);
        Some(Command { kind, reference, channels })
    }
}

/// A publish, and the message that came of it.
fn check_delivered(publish: &Members, message: &Members) {
    assert_eq!(message.string("channel"), publish.string("channel"));
    assert_eq!(message.string("event"), publish.string("event"));
    let media_type = publish.string("content_type").map(|media| media.trim_matches([' ', '\t']).to_owned());
    let essence = media_type.as_deref().map(|media| {
        media.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']).to_lowercase()
    });
    let is_plain = matches!(essence.as_deref(), None | Some("application/json" | "text/plain"));
    assert_eq!(message.string("content_type"), media_type.filter(|_| !is_plain));
    let string = publish.string("data");
    let is_json = match essence {
        Some(essence) => essence == "application/json" || essence.ends_with("+json"),
        None => publish.count("data") == 1 && string.is_none(),
    };
    let decoded = publish.string("data_base64").map(|text| STANDARD.decode(text).expect("it was accepted"));
    let spelled = || publish.get("data").expect("there is one or the other").as_bytes().to_vec();
    let payload =
        decoded.clone().or(string.filter(|_| !is_json).map(String::into_bytes)).unwrap_or_else(spelled);
    if is_json {
        let json = String::from_utf8(payload).expect("JSON is UTF-8").replace(['\r', '\n'], " ");
        assert_eq!(message.get("data"), Some(json.trim_matches([' ', '\t'])));
    } else if decoded.is_some() {
        assert_eq!(message.string("data_base64"), Some(STANDARD.encode(payload)));
    } else {
        assert_eq!(message.string("data").map(String::into_bytes), Some(payload));
    }
}

/// In another world this message is published, while `client` listens on its channel and no other.
fn check_published_again(message: &Members, client: &mut Client) {
    const GIVEN: [&str; 5] = ["id", "time", "type", "replay", "ask"];
    let channel = message.get("channel").expect("every message has one");
    client.command("{\"type\":\"unsubscribe\",\"channels\":[\"a\"]}");
    client.command(&format!("{{\"type\":\"subscribe\",\"channels\":[{channel}]}}"));
    let envelope = message.without(&GIVEN);
    let publish = envelope.to_json().replacen('{', "{\"type\":\"publish\",", 1);
    let heard = client.command(&publish);
    let [again] = &heard[..] else { panic!("{publish} gives {heard:?}") };
    let again = of_type(again, "message").expect("it is delivered");
    assert_eq!(again.without(&GIVEN).to_json(), envelope.to_json());
    client.command(&format!("{{\"type\":\"unsubscribe\",\"channels\":[{channel}]}}"));
}
