//! The batches of polls, long polls and JSONP.  Law: what a batch says of itself (`gap`, `more`, `next`, the order of
//! its messages) is true of what it holds.

use super::object::Members;
use super::{Greeting, Heard, envelope, script};
use crate::message::MessageId;
use serde_json::value::RawValue;

/// One answer to a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Gaps, then messages, then other notices: what is retained comes after the gap before it.
    pub heard: Vec<Heard>,
    /// Where the next poll goes on.
    pub next: MessageId,
    /// A gap is among what was heard.
    pub gap: bool,
    /// There is more to read at once.
    pub more: bool,
    /// Who the poller is.
    pub greeting: Greeting,
}

/// What a script that was asked for by JSONP says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// A batch.
    Batch(Batch),
    /// A problem, with its status.
    Refused(u16),
}

impl Batch {
    /// Reads a body of `application/json`.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let text = core::str::from_utf8(body).map_err(|error| format!("a batch: {error}"))?;
        Batch::read(Members::parse(text)?)
    }

    fn read(mut members: Members<'_>) -> Result<Self, String> {
        let messages: Vec<&RawValue> = members.get("messages")?;
        let notices: Vec<&RawValue> = members.get("notices")?;
        let (next, gap, more) = (members.id("next")?, members.get("gap")?, members.get("more")?);
        let greeting = members.greeting()?;
        let messages = read_all(&messages, |heard| matches!(heard, Heard::Message { .. }))?;
        let notices = read_all(&notices, is_notice_of_polls)?;
        let (mut heard, others): (Vec<Heard>, Vec<Heard>) =
            notices.into_iter().partition(|notice| matches!(notice, Heard::Gap { .. }));
        if gap == heard.is_empty() {
            return Err(members.error("gap says whether there is a notice of one"));
        }
        let ids: Vec<MessageId> = messages.iter().filter_map(id_of).collect();
        if !ids.is_sorted_by(|a, b| a < b) {
            return Err(members.error("ids that do not ascend"));
        }
        // The end of a question has a place among the messages, but shows no id.
        let is_beyond = others.iter().any(|notice| matches!(notice, Heard::Withdrawn { .. }));
        let is_last = ids.last() == Some(&next) || is_beyond;
        if ids.last().is_some_and(|&last| next < last) || (more && !is_last) {
            return Err(members.error("next is where the batch ends if more, else not before it"));
        }
        members.end()?;
        heard.extend(messages);
        heard.extend(others);
        Ok(Batch { heard, next, gap, more, greeting })
    }
}

impl Called {
    /// Reads a body of `text/javascript`: one call of `callback`.
    pub fn parse(body: &[u8], callback: &str) -> Result<Self, String> {
        let json = argument(body, callback)?;
        let mut members = Members::parse(&json)?;
        let Some(error) = members.optional("error") else { return Batch::read(members).map(Called::Batch) };
        members.end()?;
        problem(error.get()).map(|(status, _)| Called::Refused(status))
    }
}

/// The plain JSON of the argument of the one call that is all of `script`.
pub fn argument(script: &[u8], callback: &str) -> Result<String, String> {
    let text = core::str::from_utf8(script).map_err(|error| format!("a script: {error}"))?;
    let call = text.strip_prefix("/**/").and_then(|text| text.strip_prefix(callback));
    let argument = call.and_then(|text| text.strip_prefix('(')?.strip_suffix(");"));
    script::plain_json(argument.ok_or_else(|| format!("not one call of {callback}: {text:?}"))?)
}

/// Status and detail of a problem (RFC 9457).
pub fn problem(json: &str) -> Result<(u16, String), String> {
    let mut members = Members::parse(json)?;
    let kind: String = members.get("type")?;
    let (title, status): (String, u16) = (members.get("title")?, members.get("status")?);
    let detail: String = members.get("detail")?;
    if kind != "about:blank" || title.is_empty() || detail.is_empty() || !(400..600).contains(&status) {
        return Err(members.error("no problem as the contract has them"));
    }
    members.end()?;
    Ok((status, detail))
}

fn read_all(envelopes: &[&RawValue], is_right: impl Fn(&Heard) -> bool) -> Result<Vec<Heard>, String> {
    let read = |json: &&RawValue| {
        let heard = envelope::envelope(json.get())?;
        if is_right(&heard) { Ok(heard) } else { Err(format!("not in this list: {json}")) }
    };
    envelopes.iter().map(read).collect()
}

fn is_notice_of_polls(heard: &Heard) -> bool {
    match heard {
        Heard::Gap { .. }
        | Heard::Closed { .. }
        | Heard::Withdrawn { .. }
        | Heard::Coming { .. }
        | Heard::PresenceChanged { .. } => true,
        Heard::Message { .. }
        | Heard::Position { .. }
        | Heard::Shutdown { .. }
        | Heard::Reload { .. }
        | Heard::Heartbeat
        | Heard::Retry { .. }
        | Heard::Refused { .. } => false,
    }
}

fn id_of(heard: &Heard) -> Option<MessageId> {
    if let Heard::Message { id, .. } = heard { Some(*id) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = r#""client":"AAAAAAAAAAAAAAAA","session":"0123456789012345678901"}"#;

    fn batch(messages: &str, notices: &str, next: &str, gap: bool, more: bool) -> String {
        format!(
            r#"{{"messages":[{messages}],"notices":[{notices}],"next":"{next}","gap":{gap},"more":{more},{TAIL}"#
        )
    }

    fn message(id: &str) -> String {
        format!(r#"{{"id":"{id}","channel":"a","data":"x","time":"1970-01-01T00:00:00.005Z"}}"#)
    }

    const GAP: &str = r#"{"notice":"gap","channel":"a","after":"1-0","resumes":"4-0"}"#;
    const CLOSED: &str = r#"{"notice":"closed","channel":"b"}"#;

    #[test]
    fn a_batch_is_heard_with_its_gaps_first() {
        let text = batch(&message("5-1"), &format!("{CLOSED},{GAP}"), "6-0", true, false);
        let got = Batch::parse(text.as_bytes()).expect("a proper batch");
        assert!(matches!(got.heard[..], [Heard::Gap { .. }, Heard::Message { .. }, Heard::Closed { .. }]));
        assert_eq!((got.next, got.gap, got.more), (MessageId::new(6, 0), true, false));
        assert_eq!(got.greeting.client, "AAAAAAAAAAAAAAAA");
        let script = format!("/**/a.b({});", text);
        assert_eq!(Called::parse(script.as_bytes(), "a.b"), Ok(Called::Batch(got)));
        assert!(Batch::parse(batch("", "", "0-0", false, false).as_bytes()).is_ok());
    }

    #[test]
    fn a_batch_that_lies_about_itself_is_an_error() {
        let two = |a: &str, b: &str| format!("{},{}", message(a), message(b));
        let batches = [
            batch(&message("5-1"), "", "5-0", false, false),
            batch(&message("5-1"), "", "5-2", false, true),
            batch("", "", "5-2", false, true),
            batch(&two("5-1", "5-1"), "", "5-1", false, false),
            batch(&two("5-2", "5-1"), "", "5-2", false, false),
            batch("", GAP, "5-0", false, false),
            batch("", CLOSED, "5-0", true, false),
            batch(GAP, "", "5-0", true, false),
            batch("", &message("5-0"), "5-0", false, false),
            batch("", r#"{"notice":"position","cursor":"5-0"}"#, "5-0", false, false),
            batch(",", "", "5-0", false, false),
            batch("", "", "5", false, false),
            batch("", "", "5-0", false, false).replace("\"client\"", "\"klient\""),
            batch("", "", "5-0", false, false).replace("{", "{\"a\":1,"),
            batch("", "", "5-0", false, false) + " x",
        ];
        for text in batches {
            assert!(Batch::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Batch::parse(b"\xff").is_err());
    }

    #[test]
    fn a_script_is_one_call() {
        let problem = r#"{"type":"about:blank","title":"Gone","status":410,"detail":"it was deleted"}"#;
        let refused = format!(r#"/**/f({{"error":{problem}}});"#);
        assert_eq!(Called::parse(refused.as_bytes(), "f"), Ok(Called::Refused(410)));
        let good = format!("/**/f({});", batch("", "", "5-0", false, false));
        assert!(Called::parse(good.as_bytes(), "f").is_ok());
        let bad = [
            good.replace("/**/", ""),
            good.replace("f(", "g("),
            good.replace(");", ")"),
            good.clone() + "\n",
            good.clone() + &good,
            good.replace("{", "{\"a\":\"<\","),
            refused.replace("about:blank", "x"),
            refused.replace("410", "200"),
            refused.replace("it was deleted", ""),
            refused.replace("}}", "},\"a\":1}"),
        ];
        for script in bad {
            assert!(Called::parse(script.as_bytes(), "f").is_err(), "{script}");
        }
    }
}
