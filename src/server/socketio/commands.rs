//! Events that are commands: more channels for one namespace, who is there.  Law: a command does all that it asks or
//! nothing; what it did is told by its ack.

use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::{ReaderId, SubscribeError};
use crate::message::Cursor;
use crate::server::Server;
use crate::server::engine::SessionId;
use crate::server::presence::presence_json;
use crate::server::problem::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// What is asked for: one name, several, or an object that also says where to begin.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    One(String),
    Several(Vec<String>),
    Since { channels: Names, since: Option<String> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Wanted {
    fn parse(values: &[&RawValue]) -> Result<(Vec<ChannelName>, Option<Cursor>), Problem> {
        let first = values.first().ok_or_else(shape)?;
        let (names, since) = match serde_json::from_str(first.get()).map_err(|_| shape())? {
            Wanted::One(name) | Wanted::Since { channels: Names::One(name), since: None } => {
                (vec![name], None)
            }
            Wanted::Several(names) => (names, None),
            Wanted::Since { channels: Names::One(name), since } => (vec![name], since),
            Wanted::Since { channels: Names::Several(names), since } => (names, since),
        };
        let no_id = || Problem::bad("since is a message id (MS-SEQ)");
        let since = match (since, values.get(1)) {
            (None, Some(second)) => serde_json::from_str(second.get()).map_err(|_| no_id())?,
            (since, _) => since,
        };
        let since = since.filter(|since: &String| !since.is_empty());
        let since = since.map(|since| since.parse().map_err(|_| no_id()));
        if names.is_empty() {
            return Err(shape());
        }
        let names = names.iter().map(|name| ChannelName::parse(name)).collect::<Result<Vec<_>, _>>()?;
        Ok((each_once(names), since.transpose()?))
    }
}

/// One list may hold a name a hundred thousand times.
fn each_once(names: Vec<ChannelName>) -> Vec<ChannelName> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

fn shape() -> Problem {
    Problem::bad("the argument is a channel, a list of channels, or an object with channels and since")
}

impl Server {
    /// Carries out the command `holdline:NAME`.
    pub(super) fn command_event(
        &mut self,
        now: Now,
        id: SessionId,
        reader: ReaderId,
        name: &str,
        values: &[&RawValue],
        ack: Option<u64>,
    ) -> Result<(), Problem> {
        let told = match name {
            "subscribe" => {
                let (names, since) = Wanted::parse(values)?;
                let new = self.new_channels(id, reader, &names)?;
                let since = self.hub.add(reader, &names, since, now.unix_ms)?;
                self.note_extras(id, reader, &new, since);
                self.mark_unread(id, reader);
                format!(r#"{{"since":"{since}",{}}}"#, members(&names))
            }
            "unsubscribe" => {
                let (names, _) = Wanted::parse(values)?;
                self.check_own_stays(id, reader, &names)?;
                for name in &names {
                    self.hub.remove(reader, name);
                    self.forget_extra(id, reader, name);
                }
                format!("{{{}}}", members(&names))
            }
            "presence" => {
                let channel = self.channel_asked_for(id, reader, values)?;
                // A list is long, and one body may ask for it fifty thousand times.
                if ack.is_none() {
                    return Ok(());
                }
                presence_json(&self.hub, &channel)
            }
            _ => {
                return Err(Problem::bad(
                    "events that begin with holdline: are holdline:subscribe, holdline:unsubscribe and \
                     holdline:presence",
                ));
            }
        };
        self.say_ack(id, reader, ack, &told);
        Ok(())
    }

    /// Which of `names` are new, if the session may have so many channels more.
    fn new_channels(
        &self,
        id: SessionId,
        reader: ReaderId,
        names: &[ChannelName],
    ) -> Result<Vec<ChannelName>, Problem> {
        let most = self.settings.max_subscriptions;
        let new = names.iter().filter(|name| !self.hub.has_channel(reader, name));
        let new: Vec<_> = new.take(most + 1).cloned().collect();
        if !new.is_empty() && self.channels_of_session(id) + new.len() > most {
            return Err(SubscribeError::SubscriptionLimit.into());
        }
        Ok(new)
    }

    fn forget_extra(&mut self, id: SessionId, reader: ReaderId, name: &str) {
        if let Some(session) = self.sessions.get_mut(id)
            && let Some(socket) = session.talk.socket_mut(reader)
        {
            socket.extras.remove(name);
        }
    }

    /// Notes from where on more channels are read as they come: what was there before comes as a replay.
    fn note_extras(&mut self, id: SessionId, reader: ReaderId, names: &[ChannelName], since: Cursor) {
        let settled = self.hub.settled_cursor(reader);
        if since < settled {
            self.note_unproven(id, reader);
        }
        let Server { sessions, hub, .. } = self;
        let Some(session) = sessions.get_mut(id) else { return };
        let Some(socket) = session.talk.socket_mut(reader) else { return };
        socket.extras.extend(names.iter().map(|name| ((&**name).into(), settled.max(since))));
        if socket.extras.len() > hub.channel_count(reader) {
            // Some were closed since.
            socket.extras.retain(|name, _| hub.has_channel(reader, name));
        }
    }

    /// Notes that the socket is told something without an id.
    pub(super) fn note_unproven(&mut self, id: SessionId, reader: ReaderId) {
        let settled = self.hub.settled_cursor(reader);
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(socket) = session.talk.socket_mut(reader) {
            socket.unproven = settled;
        }
    }

    fn check_own_stays(&self, id: SessionId, reader: ReaderId, names: &[ChannelName]) -> Result<(), Problem> {
        let own = self.own_channel(id, reader);
        match names.iter().any(|name| own.as_deref() == Some(&**name)) {
            true => {
                Err(Problem::bad("a namespace keeps its own channel; disconnect from the namespace instead"))
            }
            false => Ok(()),
        }
    }

    fn own_channel(&self, id: SessionId, reader: ReaderId) -> Option<std::rc::Rc<str>> {
        Some(self.sessions.get(id)?.talk.socket(reader)?.channel.clone())
    }

    fn channel_asked_for(
        &self,
        id: SessionId,
        reader: ReaderId,
        values: &[&RawValue],
    ) -> Result<ChannelName, Problem> {
        let named = values.first().map(|value| serde_json::from_str::<Option<String>>(value.get()));
        match named {
            Some(Ok(Some(name))) => Ok(ChannelName::parse(&name)?),
            Some(Err(_)) => Err(Problem::bad("the argument is the name of a channel")),
            None | Some(Ok(None)) => {
                Ok(ChannelName::parse(&self.own_channel(id, reader).unwrap_or_default())?)
            }
        }
    }
}

/// The member that names channels, which need no escaping.
fn members(names: &[ChannelName]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!(r#""channels":[{}]"#, names.join(","))
}
