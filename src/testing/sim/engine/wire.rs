//! The WebSocket of an Engine.IO session, from its handshake on.  Law: what is said leaves behind the handshake's answer.

use crate::testing::decode::deflate::Windows;
use crate::testing::decode::engineio::Said;
use crate::testing::decode::handshake::Handshake;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::decode::websocket::{Frame, SocketReader};
use crate::testing::dice::Dice;
use crate::testing::driver::World;
use crate::testing::sim::frames::{say_message, say_pong};
use crate::testing::sim::outbox::Outbox;

/// One WebSocket.
pub struct Wire {
    /// What is said on it.
    pub out: Outbox,
    http: ResponseReader,
    offer: Option<&'static str>,
    deflate: Option<Windows>,
    frames: Option<SocketReader>,
    /// What is said as soon as it may.
    first: Option<Said>,
}

/// It is no WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The status.
    Refused(u16),
    /// What is wrong.
    Wrong(String),
}

impl From<String> for Broken {
    fn from(error: String) -> Self {
        Broken::Wrong(error)
    }
}

impl Wire {
    /// Begins the handshake.
    pub fn connect(world: &mut World, target: &str, dice: &mut Dice) -> Self {
        let offer = *dice.pick(&[None, Some("permessage-deflate; client_max_window_bits")]);
        let mut out = Outbox::connect(world);
        out.say(Handshake { target, extensions: offer, ..Handshake::default() }.request());
        let mut http = ResponseReader::default();
        http.expect(false);
        Wire { out, http, offer, deflate: None, frames: None, first: None }
    }

    /// Says this as soon as it may.
    pub fn say_first(&mut self, said: Said) {
        self.first = Some(said);
    }

    /// May it speak?
    pub fn is_ready(&self) -> bool {
        self.frames.is_some()
    }

    /// Says a packet, later.
    pub fn say(&mut self, said: &Said, dice: &mut Dice) {
        match said {
            Said::Packet(text) => say_message(&mut self.out, self.deflate, text.as_bytes(), true, dice),
            Said::Binary(bytes) => say_message(&mut self.out, self.deflate, bytes, false, dice),
        }
    }

    /// Has the server ended it?
    pub fn is_closed(&self, world: &World) -> bool {
        let is_told = self.frames.as_ref().is_some_and(SocketReader::is_closed);
        is_told || world.is_closed(self.out.line()) || world.is_write_closed(self.out.line())
    }

    /// Reads what the server wrote.
    pub fn listen(&mut self, world: &mut World, dice: &mut Dice) -> Result<Vec<Frame>, Broken> {
        let bytes = world.take_written(self.out.line());
        match &mut self.frames {
            Some(frames) => frames.push(&bytes),
            None => self.shake_hands(&bytes, dice)?,
        }
        let Some(frames) = &mut self.frames else { return Ok(Vec::new()) };
        let heard = frames.all()?;
        for frame in &heard {
            if let Frame::Ping(payload) = frame {
                say_pong(&mut self.out, payload);
            }
        }
        Ok(heard)
    }

    fn shake_hands(&mut self, bytes: &[u8], dice: &mut Dice) -> Result<(), Broken> {
        self.http.push(bytes);
        while let Some(part) = self.http.next_part()? {
            match part {
                HttpPart::Head(head) if head.status == 101 => {
                    let handshake = Handshake { extensions: self.offer, ..Handshake::default() };
                    self.deflate = handshake.agreed(&head)?.deflate;
                }
                HttpPart::Head(head) => return Err(Broken::Refused(head.status)),
                HttpPart::Switched => {
                    let mut frames = SocketReader::new(self.deflate);
                    frames.push(&core::mem::take(&mut self.http).into_rest());
                    self.frames = Some(frames);
                    if let Some(said) = self.first.take() {
                        self.say(&said, dice);
                    }
                    return Ok(());
                }
                part => return Err(Broken::Wrong(format!("{part:?} is no handshake"))),
            }
        }
        Ok(())
    }
}
