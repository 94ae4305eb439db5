//! Everything comes back: `/echo`.

use super::messages::{Message, MessageHandler, Peer};

/// Sends every message back as it is.
#[derive(Copy, Clone, Debug, Default)]
pub struct Echo;

impl MessageHandler for Echo {
    fn message(&mut self, peer: &mut Peer<'_>, message: Message<'_>) {
        peer.send(message);
    }
}
