//! A client's end of a connection.  Law: what it says leaves in order, in pieces of any length, as the dice throw.

use crate::testing::dice::Dice;
use crate::testing::driver::{Line, World};
use std::collections::VecDeque;

/// What a client still has to send on one connection.
pub struct Outbox {
    line: Line,
    bytes: VecDeque<u8>,
    /// How many bytes have left.
    sent: usize,
    /// It takes what the server says only now and then, or has: then the server may lose patience.
    pub was_slow: bool,
}

impl Outbox {
    /// A new connection.
    pub fn connect(world: &mut World) -> Self {
        Outbox { line: world.connect(), bytes: VecDeque::new(), sent: 0, was_slow: false }
    }

    /// The connection.
    pub fn line(&self) -> Line {
        self.line
    }

    /// Says something, later.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.bytes.extend(bytes.as_ref());
    }

    /// How many bytes have left.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// How many bytes were said, those included that have not left.
    pub fn said(&self) -> usize {
        self.sent + self.bytes.len()
    }

    /// Has the server read everything that was said?
    pub fn has_arrived(&self, world: &World) -> bool {
        self.is_empty() && world.has_taken(self.line, self.sent)
    }

    /// Has everything left?
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Sends a piece.
    pub fn send(&mut self, world: &mut World, dice: &mut Dice) {
        let reach = *dice.pick(&[1, 10, 100, 100_000]);
        self.send_up_to(world, 1 + dice.below(reach));
    }

    /// Sends everything.
    pub fn send_all(&mut self, world: &mut World) {
        self.send_up_to(world, usize::MAX);
    }

    fn send_up_to(&mut self, world: &mut World, count: usize) {
        let piece: Vec<u8> = self.bytes.drain(..count.min(self.bytes.len())).collect();
        self.sent += piece.len();
        world.send(self.line, &piece);
    }

    /// Takes fewer bytes a turn from now on, or none, or all.
    pub fn stall(&mut self, world: &mut World, dice: &mut Dice) {
        self.was_slow = true;
        world.narrow(self.line, *dice.pick(&[Some(0), Some(1), Some(40), Some(700), None]));
    }

    /// Takes little a turn from now on.
    pub fn sip(&mut self, world: &mut World, dice: &mut Dice) {
        self.was_slow = true;
        world.narrow(self.line, *dice.pick(&[Some(40), Some(200), Some(700)]));
    }

    /// Takes everything again.
    pub fn heal(&self, world: &mut World) {
        world.narrow(self.line, None);
    }

    /// Leaves, in one of the ways in which clients leave.
    pub fn leave(self, world: &mut World, dice: &mut Dice) {
        match dice.below(4) {
            // Nobody listens any more, but what the server says is taken.
            0 => {
                self.heal(world);
                world.end(self.line);
            }
            // The network is gone, and nobody says so.
            1 => world.narrow(self.line, Some(0)),
            _ => world.reset(self.line),
        }
    }
}
