//! A client that sends what means little, or stops in the middle, and never reads.  Law: it hurts nobody else.

use super::outbox::Outbox;
use crate::testing::dice::Dice;
use crate::testing::driver::World;
use crate::testing::laws;

/// What its requests are made from.
const SAMPLES: [&[u8]; 6] = [
    b"GET /channels/a?since=start HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    b"GET /channels/a?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /channels/b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /channels/zzz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"GET /channels/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85\0\0\0\0hello\x89\x80\0\0\0\0",
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
      Sec-WebSocket-Extensions: permessage-deflate\r\n\
      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00",
    b"HEAD /livez HTTP/1.0\r\n\r\n",
];

/// One of them, with at most one connection.
#[derive(Default)]
pub struct Vandal {
    out: Option<Outbox>,
}

impl Vandal {
    /// Sends something, or hangs up.
    pub fn act(&mut self, world: &mut World, dice: &mut Dice) {
        let Some(out) = &mut self.out else {
            let mut out = Outbox::connect(world);
            match dice.below(3) {
                0 => out.say(*dice.pick(&SAMPLES)),
                _ => laws::mutations(&SAMPLES, dice.below(1 << 30) as u64, 1, |text| out.say(text)),
            }
            self.out = Some(out);
            return;
        };
        match dice.below(12) {
            0 => self.hang_up(world, dice),
            1 => out.stall(world, dice),
            _ => out.send(world, dice),
        }
    }

    /// Takes everything that the server says from now on.
    pub fn heal(&mut self, world: &mut World) {
        if let Some(out) = &self.out {
            out.heal(world);
        }
    }

    /// Throws away what the server says.
    pub fn listen(&mut self, world: &mut World) {
        if let Some(out) = &self.out {
            drop(world.take_written(out.line()));
            if world.is_closed(out.line()) {
                self.out = None;
            }
        }
    }

    /// Goes away.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        if let Some(out) = self.out.take() {
            out.leave(world, dice);
        }
    }
}
