//! The commands of `holdline.v1` (API: WebSocket).  Law: each command with a `ref` gets one reply; a malformed one is
//! an error reply and the connection stays.

use super::Server;
use super::connection::ConnId;
use super::drafts::{JsonPublish, object, present};
use super::entries::Proposer;
use super::problem::Problem;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::reason;
use crate::hub::ReaderId;
use crate::limits::REF_MAX;
use crate::message::{Command, Cursor};
use crate::transport::encoded::Piece;
use crate::ws::Opcode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What every command has.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "ref", deserialize_with = "present")]
    reference: Option<&'a RawValue>,
}

/// The channels of a subscribe or unsubscribe.
#[derive(Deserialize)]
struct Channels<'a> {
    #[serde(borrow)]
    channels: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    since: Option<Cow<'a, str>>,
}

/// The channel of a command.
#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    channel: Cow<'a, str>,
}

impl Server {
    /// Carries out one command.
    pub(super) fn command(&mut self, now: Now, id: ConnId, reader: ReaderId, text: &[u8]) {
        let envelope = match object::<Envelope<'_>>(text) {
            Ok(envelope) => envelope,
            Err(error) => {
                let problem = Problem::bad(format!("a command is a JSON object: {error}"));
                return self.say_error(id, None, &problem);
            }
        };
        let reference = match envelope.reference.map(RawValue::get) {
            Some(json) if json.starts_with(['{', '[']) => {
                return self.say_error(
                    id,
                    None,
                    &Problem::bad("ref is a string, a number, true, false or null"),
                );
            }
            Some(json) if json.len() > REF_MAX => {
                return self.say_error(id, None, &Problem::bad("ref has at most 256 bytes"));
            }
            reference => reference,
        };
        let done = match envelope.kind.as_deref() {
            Some("subscribe") => self.subscribe_command(now, id, reader, reference, text),
            Some("unsubscribe") => self.unsubscribe_command(id, reader, reference, text),
            Some("publish") => self.publish_command(now, id, reference, text),
            Some("presence") => self.presence_command(id, reference, text),
            Some("ask") => self.ask_command(now, id, reference, text),
            Some("answer") => {
                let by = self.hub.client(reader);
                self.answer_command(now, id, by, reference, text)
            }
            Some("withdraw") => self.withdraw_command(now, id, reference, text),
            Some("ping") => {
                self.say_pong(id, reference);
                Ok(())
            }
            _ => Err(Problem::bad(
                "type is one of subscribe, unsubscribe, publish, presence, ask, answer, withdraw, ping",
            )),
        };
        if let Err(problem) = done {
            self.say_error(id, reference, &problem);
        }
    }

    fn subscribe_command(
        &mut self,
        now: Now,
        id: ConnId,
        reader: ReaderId,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let (names, since) = channels_of(text)?;
        let since = self.hub.add(reader, &names, since, now.unix_ms)?;
        if let Some(reference) = reference {
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            let result = format!(r#""since":"{since}","channels":[{}]"#, names.join(","));
            self.say_command_reply(id, reference, &result);
        }
        self.mark_dirty(id);
        Ok(())
    }

    fn unsubscribe_command(
        &mut self,
        id: ConnId,
        reader: ReaderId,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let (names, _) = channels_of(text)?;
        for name in &names {
            self.hub.remove(reader, name);
        }
        if let Some(reference) = reference {
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            self.say_command_reply(id, reference, &format!(r#""channels":[{}]"#, names.join(",")));
        }
        Ok(())
    }

    fn publish_command(
        &mut self,
        now: Now,
        id: ConnId,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let publish = serde_json::from_slice::<JsonPublish<'_>>(text)
            .map_err(|error| Problem::bad(format!("publish has channel and data: {error}")))?;
        let draft = publish.draft(self.settings.retain_age_ms, self.settings.max_message)?;
        self.propose(
            now,
            Proposer::Command(id, reference.map(Into::into)),
            vec![Command::Publish(draft)],
            None,
        )
    }

    fn presence_command(&mut self, id: ConnId, reference: Option<&str>, text: &[u8]) -> Result<(), Problem> {
        let Channel { channel } = serde_json::from_slice(text)
            .map_err(|error| Problem::bad(format!("presence has a channel: {error}")))?;
        let channel = ChannelName::parse(&channel)?;
        if let Some(reference) = reference {
            self.say_presence(id, reference, &channel);
        }
        Ok(())
    }

    fn say_pong(&mut self, id: ConnId, reference: Option<&str>) {
        let reference = reference.map_or_else(String::new, |reference| format!(r#","ref":{reference}"#));
        self.say_text(id, &format!(r#"{{"type":"pong"{reference}}}"#));
    }

    /// Answers the command `reference` (JSON) with members of an object.
    pub(super) fn say_command_reply(&mut self, id: ConnId, reference: &str, members: &str) {
        self.say_text(id, &format!(r#"{{"type":"reply","ref":{reference},{members}}}"#));
    }

    /// As [`Server::say_command_reply`], with members that others are told too.
    pub(super) fn say_shared_reply(&mut self, id: ConnId, reference: &str, members: Piece) {
        let begin = format!(r#"{{"type":"reply","ref":{reference},"#);
        self.say_frame_of(id, Opcode::Text, begin.as_bytes(), members, b"}");
    }

    pub(super) fn say_error(&mut self, id: ConnId, reference: Option<&str>, problem: &Problem) {
        log::debug!("#{} command refused: {}", id.index(), unquoted(&problem.detail));
        let reference = reference.map_or_else(String::new, |reference| format!(r#""ref":{reference},"#));
        self.say_text(id, &format!(r#"{{"type":"reply",{reference}{}}}"#, error_member(problem)));
    }

    pub(super) fn say_text(&mut self, id: ConnId, text: &str) {
        self.say_frame(id, Opcode::Text, text.as_bytes());
    }
}

/// A reason as far as the log may have it: what follows says how JSON was wrong, and may quote what was sent.
fn unquoted(detail: &str) -> &str {
    detail.split_once(": ").map_or(detail, |(what, _)| what)
}

/// The member that tells of a refusal (RFC 9457).
pub(super) fn error_member(problem: &Problem) -> String {
    let error = serde_json::json!({
        "type": "about:blank",
        "title": reason(problem.status),
        "status": problem.status,
        "detail": problem.detail,
    });
    format!(r#""error":{error}"#)
}

fn channels_of(text: &[u8]) -> Result<(Vec<ChannelName>, Option<Cursor>), Problem> {
    let Channels { channels, since } = serde_json::from_slice(text)
        .map_err(|error| Problem::bad(format!("channels is a list of names, since a message id: {error}")))?;
    if channels.is_empty() {
        return Err(Problem::bad("channels names at least one channel"));
    }
    let names = channels.iter().map(|name| ChannelName::parse(name).map_err(Problem::from));
    let since = since.filter(|since| !since.is_empty());
    let since = since.map(|since| since.parse().map_err(|_| Problem::bad("since is a message id (MS-SEQ)")));
    Ok((names.collect::<Result<_, _>>()?, since.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_does_not_quote_what_was_sent() {
        let error = object::<Channels<'_>>(br#"{"channels":"secret"}"#).err().expect("it is no list");
        let problem = Problem::bad(format!("channels is a list of names, since a message id: {error}"));
        assert!(problem.detail.contains("secret"), "{}", problem.detail);
        assert_eq!(unquoted(&problem.detail), "channels is a list of names, since a message id");
        assert_eq!(unquoted("data is missing"), "data is missing");
    }
}
