//! Questions in their channels: asked as a message, ended by an entry that takes the message away.

use super::asks::{Ask, AskError, AskState};
use super::{Hub, ReaderId, message};
use crate::message::{AskEnd, AskId, AskRole, AskerId, ClientId, Format, Message, MessageId, Question};
use std::rc::Rc;

impl Hub {
    /// May one more question be asked, besides so many that the journal has and this hub has not yet? To be asked before
    /// the journal is.
    pub fn has_room_to_ask(&self, on_their_way: usize) -> bool {
        self.asks.open() + on_their_way < self.limits.max_asks
    }

    /// The question that `asker` asked, while it is remembered.
    pub fn question(&self, asker: AskerId) -> Option<&Ask> {
        self.asks.of(asker)
    }

    /// The open question with that number in one of the reader's channels, unless it is not for the reader's client.
    pub fn asked(&self, reader: ReaderId, number: u32) -> Option<AskId> {
        let client = self.readers.get(reader)?.client;
        let is_for_it = |ask: &&Ask| {
            (ask.except.is_none() || ask.except != client) && self.find(reader, &ask.channel).is_some()
        };
        self.asks.numbered(number).find(is_for_it).map(|ask| ask.ask)
    }

    /// Has an open question that number?
    pub fn is_asked(&self, number: u32) -> bool {
        self.asks.numbered(number).next().is_some()
    }

    /// The next question that ended and was not told of yet.
    pub fn poll_ended(&mut self) -> Option<AskerId> {
        self.asks.poll_end()
    }

    /// How many questions are open.
    pub fn open_asks(&self) -> usize {
        self.asks.open()
    }

    pub(super) fn ask(&mut self, id: MessageId, question: Question) {
        let Question { draft, ask, asker } = question;
        let name = draft.channel.clone();
        let message = Message { ask: Some(AskRole::Question(ask)), ..message(id, draft) };
        let (except, expires_ms) = (message.except, message.expires_unix_ms);
        let (channel, state) = (Rc::from(&*name), AskState::Open);
        let due_ms = expires_ms;
        self.asks.insert(Ask {
            ask,
            asker,
            channel,
            state,
            message: id,
            except,
            expires_ms,
            due_ms,
            ended: 0,
        });
        self.append(&name, message);
    }

    /// Ends a question by the entry `id`: nobody is asked any more, and whoever was is told.
    pub(super) fn end_ask(&mut self, id: MessageId, ask: AskId, state: AskState) -> Result<(), AskError> {
        let end = match state {
            AskState::Answered(_) => AskEnd::Answered,
            AskState::Open | AskState::Withdrawn | AskState::Expired => AskEnd::Withdrawn,
        };
        let Ask { channel, message, except, .. } = self.asks.end(ask, state, self.limits.max_asks)?;
        let (channel, message, except) = (channel.clone(), *message, *except);
        if let Some(channel) = self.names.get(&channel).and_then(|id| self.channels.get_mut(*id)) {
            channel.log.remove(message);
        }
        // Nobody listens where there is no channel: one is made only within its bound.
        if self.has_room_for(core::iter::once(&*channel)) {
            self.append(&channel, end_of(id, ask, end, except));
        }
        Ok(())
    }

    /// Ends the questions of a channel that is deleted. Its readers are told of that.
    pub(super) fn withdraw_all(&mut self, channel: &str) {
        for ask in self.asks.open_in(channel) {
            let ended = self.asks.end(ask, AskState::Withdrawn, self.limits.max_asks);
            debug_assert!(ended.is_ok(), "it was open");
        }
    }
}

/// What stands in the log where a question ended: for those who listen, like a message that is not retained.
fn end_of(id: MessageId, ask: AskId, end: AskEnd, except: Option<ClientId>) -> Message {
    Message {
        id,
        event: None,
        data: Rc::default(),
        format: Format::Text,
        spread: false,
        media_type: None,
        except,
        retained: false,
        key: None,
        expires_unix_ms: u64::MAX,
        ask: Some(AskRole::End(ask, end)),
    }
}
