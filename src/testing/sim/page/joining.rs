//! How a namespace is joined, and joined again.  Law: whoever is recovered keeps its names, has heard everything that it
//! missed before it is told so, and has lost nothing; whoever is not is told what was lost, and why not has its reasons.

use super::namespace::{Namespace, State};
use crate::message::MessageId;
use crate::testing::decode::engineio::Said;
use crate::testing::decode::object::Members;
use crate::testing::decode::poll;
use crate::testing::decode::socketio::{Packet, packet};
use crate::testing::dice::Dice;
use crate::testing::sim::account::{Account, Begin};
use crate::testing::sim::engine::Engine;
use crate::testing::sim::truth::Truth;
use serde_json::json;

/// What was asked for.
#[derive(Debug)]
pub struct Joining {
    begin: Begin,
    /// The packet that asks.
    number: u64,
    /// By which it is to be recovered.
    pub pid: Option<String>,
    /// The newest id when it was asked for, and when it had arrived.
    newest_before: MessageId,
    newest: Option<MessageId>,
}

impl Joining {
    /// So many packets of the session have arrived.
    pub fn has_arrived(&mut self, arrived: u64, truth: &Truth) {
        if self.number <= arrived {
            self.newest.get_or_insert(truth.newest());
        }
    }

    /// Was one of the channels deleted since it was cut off? Its `own`, if it is closed still, is told to be so again.
    fn is_deleted(&self, account: &Account, own: &str, truth: &Truth) -> bool {
        let cut_at = match self.begin {
            Begin::After(cursor) => cursor.min(self.newest_before),
            _ => self.newest_before,
        };
        let is_deleted = |name| truth.deletion_after(name, cut_at).is_some();
        truth.was_deleted(own) || account.channels().any(is_deleted)
    }
}

impl Namespace {
    /// Asks to join.
    pub(super) fn join(&mut self, engine: &mut Engine, truth: &Truth, dice: &mut Dice) {
        let newest = truth.newest();
        let mut auth = json!({});
        let mut begin = Begin::Now(newest);
        if let (Some(pid), Some(cursor)) = (&self.pid, self.cursor()) {
            auth["pid"] = pid.clone().into();
            if let Some(offset) = self.offset {
                auth["offset"] = offset.to_string().into();
            }
            begin = Begin::After(cursor);
        } else {
            match dice.below(6) {
                0 => {
                    begin = Begin::Start(newest);
                    auth["since"] = "start".into();
                }
                1 => {
                    let reach_ms = dice.below(3_000) as u64;
                    let cursor = MessageId::new(newest.ms.saturating_sub(reach_ms), 0).min(newest);
                    begin = Begin::After(cursor);
                    auth["since"] = cursor.to_string().into();
                }
                _ => {}
            }
        }
        if let Some(session) = &self.session {
            auth["session"] = session.clone().into();
        }
        if self.watches {
            auth["presence"] = true.into();
        }
        let data = if auth.as_object().is_some_and(serde_json::Map::is_empty) {
            String::new()
        } else {
            auth.to_string()
        };
        let number = engine.queue(Said::Packet(packet(0, 0, &self.path, None, &data)));
        self.state = State::Joining(Joining {
            begin,
            number,
            pid: self.pid.clone(),
            newest_before: newest,
            newest: None,
        });
    }

    /// What it missed begins to come: the account goes on from where it was.
    pub(super) fn begin_missed(&mut self, truth: &Truth) {
        let State::Joining(joining) = &self.state else { return };
        if self.account.is_none() {
            let (begin, newest) = (joining.begin, joining.newest.unwrap_or(truth.newest()));
            self.open(truth, begin, newest);
        }
    }

    /// It is there.
    pub(super) fn joined(&mut self, packet: &Packet, truth: &Truth) -> Result<(), String> {
        let mut members = Members::parse(packet.data.as_deref().unwrap_or_default())?;
        let (client, pid): (String, String) = (members.client("sid")?, members.get("pid")?);
        members.end()?;
        let began_at = position(&pid)?;
        self.begin_missed_if(truth, &pid);
        let State::Joining(joining) = core::mem::replace(&mut self.state, State::In) else { return Ok(()) };
        if joining.pid.as_ref() == Some(&pid) {
            return self.recovered(&joining, &client, truth);
        }
        truth.tally.count("a namespace joined");
        // What it missed began to come, and was lost before it was all there.
        let is_half = self.account.is_some();
        let mut may_have_lost = true;
        if !is_half {
            let newest = joining.newest.unwrap_or(truth.newest());
            self.open(truth, joining.begin, newest);
            may_have_lost = self.account.as_ref().is_some_and(|account| {
                account.may_have_gap(truth) || joining.is_deleted(account, self.channel, truth)
            });
            self.doubtful = core::mem::take(&mut self.extras);
            self.client = Some(client);
            self.open(truth, joining.begin, joining.newest.unwrap_or(truth.newest()));
        }
        let account = self.account.as_mut().ok_or("it was opened")?;
        if is_half && !account.may_have_gap(truth) && !joining.is_deleted(account, self.channel, truth) {
            return Err(
                "events came before it was there, it was not recovered, and nothing is lost".to_owned()
            );
        }
        if joining.pid.is_some() {
            truth.tally.count("not recovered");
            let is_known = self.cut_at.is_some_and(|at| truth.now.at < at + truth.session_grace_ms());
            if is_known && !may_have_lost && !truth.is_loose() && !truth.troubles.may_refuse() {
                return Err(format!("it was not recovered, and nothing is lost: {joining:?}"));
            }
        } else {
            account.begins_at(truth, began_at)?;
            (self.offset, self.asked) = (None, Vec::new());
        }
        (self.pid, self.began_at) = (Some(pid), Some(began_at));
        Ok(())
    }

    fn begin_missed_if(&mut self, truth: &Truth, pid: &str) {
        if matches!(&self.state, State::Joining(joining) if joining.pid.as_deref() == Some(pid)) {
            self.begin_missed(truth);
        }
    }

    fn recovered(&mut self, joining: &Joining, client: &str, truth: &Truth) -> Result<(), String> {
        truth.tally.count("recovered");
        if !self.extras.is_empty() {
            truth.tally.count("subscriptions recovered");
        }
        if self.client.as_deref() != Some(client) {
            return Err(format!("it was {:?}, and {client} is recovered", self.client));
        }
        let account = self.account.as_ref().ok_or("it was opened")?;
        account
            .has_all_up_to(truth, joining.newest_before)
            .map_err(|error| format!("it is said to be recovered, and is not: {error}"))
    }

    /// It is not let in.
    pub(super) fn refused(&mut self, packet: &Packet, truth: &Truth) -> Result<(), String> {
        let mut members = Members::parse(packet.data.as_deref().unwrap_or_default())?;
        let _: String = members.get("message")?;
        let (status, detail) = poll::problem(members.raw("data")?.get())?;
        members.end()?;
        self.state = State::Out;
        (self.account, self.cut_at) = (None, None);
        let is_right = match status {
            410 => truth.was_deleted(self.channel),
            429 | 503 => truth.troubles.may_refuse(),
            _ => false,
        };
        truth.tally.count("a namespace refused");
        if is_right { Ok(()) } else { Err(format!("it may not join: {status} {detail}")) }
    }
}

/// Where whoever was given this pid begins.
fn position(pid: &str) -> Result<MessageId, String> {
    let mut parts = pid.split('.');
    let position = parts.nth(1).and_then(|text| text.parse().ok());
    position.ok_or_else(|| format!("{pid:?} does not say where it begins"))
}
