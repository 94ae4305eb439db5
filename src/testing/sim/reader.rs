//! A page that listens: by any transport, with its cursor from one to the next.  Law: over all its connections it hears
//! each message once, in order, or is told why not ([`Account`]).

use super::asking::Asked;
use super::hearing::Ear;
use super::ledger::Ledger;
use super::outbox::Outbox;
use super::scenario::CHANNELS;
use super::truth::Truth;
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::message::MessageId;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::dice::Dice;
use crate::testing::driver::{Line, World};
use std::collections::BTreeSet;

/// One page with at most one connection.
pub struct Reader {
    /// As failures call it.
    name: String,
    session: String,
    /// What it wants to hear.
    wants: Vec<String>,
    /// From where on; `None` if it has heard nothing yet.
    cursor: Option<MessageId>,
    talk: Option<Talk>,
    /// Every public name that this process gave it.
    clients: Vec<String>,
    /// Connections that it has left, which the server may not know.
    left: Vec<Line>,
}

/// One connection.
pub struct Talk {
    pub(super) out: Outbox,
    pub(super) http: ResponseReader,
    /// The request without a whole answer.
    pub(super) asked: Option<Asked>,
    /// How many bytes were said before it.
    said_before: usize,
    /// How the answer is understood, from its head on.
    pub(super) ear: Option<Ear>,
    /// The server will close.
    pub(super) is_over: bool,
    /// When everything was listened to (Unix ms).
    heard_ms: u64,
    heard_at: Millis,
    /// When the server had the whole request, and the newest id then.
    read_at: Option<(Millis, MessageId)>,
    /// The server has had longer than it was given, and says nothing.
    is_late: bool,
    /// Since when neither side has said anything, and how many bytes had arrived then.
    quiet_since: Option<(Millis, usize)>,
    /// The server was told to end and must say so, or answer, before it does.
    must_be_told: bool,
}

/// Who a reader is, and where.
pub struct Place {
    /// Where it goes on from.
    pub cursor: Option<MessageId>,
    /// What it reads.
    pub channels: Vec<String>,
}

impl Reader {
    /// One that has heard nothing yet.
    pub fn new(name: usize, dice: &mut Dice) -> Self {
        let name = format!("reader-{name}");
        let session = format!("{name}-abcdefghijklmnopqrstuv");
        Reader {
            name,
            session,
            wants: some_channels(dice),
            cursor: None,
            talk: None,
            clients: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Does something: connects, asks, sends, stalls, hangs up.
    pub fn act(&mut self, world: &mut World, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        let Some(talk) = &mut self.talk else {
            self.talk = Some(Talk::connect(world));
            return;
        };
        match dice.below(24) {
            0 => return self.hang_up(world, dice),
            1 => return talk.out.stall(world, dice),
            2 => return talk.out.heal(world),
            _ => {}
        }
        if !talk.out.is_empty() {
            return talk.out.send(world, dice);
        }
        if talk.asked.is_none() && !talk.is_over {
            self.ask(world.now().unix_ms, truth, dice);
        } else if let Some(Ear::Socket(socket)) = &mut talk.ear {
            socket.act(&mut talk.out, truth, ledger, dice);
            // A backlog that is swallowed at once is over before anything else can happen.
            if core::mem::take(&mut socket.wants_backlog) && dice.one_in(2) {
                talk.out.sip(world, dice);
            }
        }
    }

    fn ask(&mut self, unix_ms: u64, truth: &Truth, dice: &mut Dice) {
        if self.wants.is_empty() || dice.one_in(10) {
            self.wants = some_channels(dice);
        }
        let Some(talk) = &mut self.talk else { return };
        let asked = Asked::throw(unix_ms, self.wants.clone(), self.cursor, truth.newest(), dice);
        talk.http.expect(false);
        talk.said_before = talk.out.said();
        talk.out.say(asked.request(&self.session, dice));
        talk.asked = Some(asked);
        (talk.read_at, talk.is_late, talk.must_be_told) = (None, false, false);
    }

    /// The server was told to end.
    pub fn is_drained(&mut self, world: &World) {
        if let Some(talk) = &mut self.talk {
            talk.must_be_told = talk.out.has_arrived(world);
        }
    }

    /// The server says that it is over: it has ended what this reader had under way.
    pub fn was_told(&self) -> Result<(), String> {
        match &self.talk {
            Some(talk) if talk.must_be_told && !talk.out.was_slow => {
                Err(format!("{}: the server is over and has not ended {:?}", self.name, talk.asked))
            }
            _ => Ok(()),
        }
    }

    /// Goes away in the middle of whatever it does.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        if let Some(talk) = self.end_talk() {
            self.left.push(talk.out.line());
            talk.out.leave(world, dice);
        }
    }

    fn end_talk(&mut self) -> Option<Talk> {
        let talk = self.talk.take()?;
        if let Some(place) = talk.ear.as_ref().and_then(Ear::place) {
            (self.cursor, self.wants) = (place.cursor, place.channels);
        }
        Some(talk)
    }

    /// The process behind the connection is another one.
    pub fn restarted(&mut self) {
        self.clients.clear();
        self.left.clear();
        self.end_talk();
    }

    /// Takes everything that the server says from now on, and says the rest of what it has begun.
    pub fn heal(&mut self, world: &mut World) {
        if let Some(talk) = &mut self.talk {
            talk.out.heal(world);
            talk.out.send_all(world);
        }
    }

    /// Reads what the server wrote.
    pub fn listen(&mut self, world: &mut World, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        let line = talk.out.line();
        talk.watch(world, truth);
        let bytes = world.take_written(line);
        let outcome = talk.listen(&bytes, truth, ledger).and_then(|()| talk.is_alive(world, truth, &bytes));
        outcome.map_err(|error| format!("{}: {error} in {:?}", self.name, talk.asked))?;
        if let Some(Ear::Refused(status)) = talk.ear
            && !truth.troubles.may_refuse()
            && status != 408
        {
            return Err(format!("{}: refused with {status}: {:?}", self.name, talk.asked));
        }
        if let Some(client) = talk.ear.as_ref().and_then(Ear::client).filter(|of| !self.clients.contains(of))
        {
            self.clients.push(client);
        }
        if let Some(cursor) = talk.batch_cursor() {
            self.cursor = Some(cursor);
        }
        if world.is_closed(line) || world.is_write_closed(line) {
            let may_be_cut = truth.troubles.may_refuse() || talk.may_be_cut(world);
            let talk = self.end_talk();
            // A peer that takes everything is cut off only where the server says so.
            if !may_be_cut {
                return Err(format!("{}: cut off: {:?}", self.name, talk.and_then(|talk| talk.asked)));
            }
        }
        Ok(())
    }

    /// Nothing moves any more, and the reader takes everything: is all told?
    pub fn is_done(&self, truth: &Truth) -> Result<(), String> {
        let Some(Talk { ear, asked, read_at, is_late, .. }) = &self.talk else { return Ok(()) };
        match (ear, asked) {
            (None, Some(_)) if *is_late => Err("the time to answer is over".to_owned()),
            (Some(ear), _) => ear.is_idle(truth),
            // A poll is held: then there is nothing for it.
            (None, Some(asked)) => {
                let newest = read_at.map_or(truth.newest(), |(_, newest)| newest);
                asked.account(truth, newest).is_idle(truth)
            }
            (None, None) => Ok(()),
        }
        .map_err(|error| format!("{}: at rest: {error} in {asked:?}", self.name))
    }

    /// Has it said everything that it began to say?
    pub fn is_quiet(&self) -> bool {
        self.talk.as_ref().is_none_or(|talk| talk.out.is_empty())
    }

    /// Its public names, if no connection of it is left.
    pub fn gone_clients(&self, world: &World) -> Vec<String> {
        let is_gone = self.talk.is_none() && self.left.iter().all(|line| world.is_closed(*line));
        if is_gone { self.clients.clone() } else { Vec::new() }
    }

    /// Is everybody listed who it was told is there, and nobody else?
    pub fn agrees(&self, world: &World, channel: &str, listed: &BTreeSet<String>) -> Result<(), String> {
        let account = self.talk.as_ref().and_then(|talk| talk.ear.as_ref()?.account());
        match account.filter(|_| self.listens_to(world).contains(&channel)) {
            Some(account) => account.watch.agrees(channel, listed).map_err(|e| format!("{}: {e}", self.name)),
            None => Ok(()),
        }
    }

    /// What it certainly listens to: it has heard everything that was said, and is neither slow nor on its way out.
    pub fn listens_to(&self, world: &World) -> Vec<&str> {
        let Some(Talk { out, ear: Some(ear), is_over: false, .. }) = &self.talk else { return Vec::new() };
        let is_open = !world.is_closed(out.line()) && !world.is_write_closed(out.line());
        let is_certain = is_open && !out.was_slow && world.written(out.line()).is_empty();
        if is_certain { ear.certain_channels() } else { Vec::new() }
    }

    /// Its public name, once it was told.
    pub fn client(&self) -> Option<String> {
        self.talk.as_ref()?.ear.as_ref()?.client()
    }
}

impl Talk {
    fn connect(world: &mut World) -> Self {
        Talk {
            out: Outbox::connect(world),
            http: ResponseReader::default(),
            asked: None,
            ear: None,
            said_before: 0,
            is_over: false,
            heard_ms: 0,
            heard_at: Millis(0),
            read_at: None,
            is_late: false,
            quiet_since: None,
            must_be_told: false,
        }
    }

    /// May the server end the connection, which is idle or as far as it is?
    fn may_be_cut(&self, world: &World) -> bool {
        let is_whole = self.http.finish().is_ok();
        self.out.was_slow
            || match &self.ear {
                Some(Ear::Socket(socket)) => socket.may_be_cut(),
                Some(Ear::Stream(stream)) => is_whole && stream.may_end(),
                Some(Ear::Batch(_) | Ear::Closed | Ear::Refused(_)) => is_whole,
                // It may wait for a request, but not throw one away.
                None => {
                    let is_begun = world.has_taken(self.out.line(), self.said_before + 1);
                    is_whole && (self.asked.is_none() || !is_begun)
                }
            }
    }

    /// A connection that stays open says a sign of life in time.
    fn is_alive(&mut self, world: &World, truth: &Truth, bytes: &[u8]) -> Result<(), String> {
        let is_heard = match &mut self.ear {
            Some(Ear::Socket(socket)) => core::mem::take(&mut socket.was_pinged) || socket.may_be_cut(),
            Some(Ear::Stream(_)) => !bytes.is_empty() || self.is_over,
            Some(Ear::Batch(_) | Ear::Closed | Ear::Refused(_)) | None => true,
        };
        let (now, sent) = (world.now().at, self.out.sent());
        let has_arrived = self.out.has_arrived(world);
        match self.quiet_since.filter(|(_, had_sent)| !is_heard && has_arrived && *had_sent == sent) {
            Some((since, _)) if now > since + truth.silence_max_ms() && !self.out.was_slow => {
                Err(format!("no sign of life since {since:?}"))
            }
            Some(_) => Ok(()),
            None => {
                self.quiet_since = has_arrived.then_some((now, sent));
                Ok(())
            }
        }
    }

    /// Notes what the server had time for, before the next of its bytes are read.
    fn watch(&mut self, world: &World, truth: &Truth) {
        let now = world.now();
        // Bytes that were held back may have been made long ago.
        if let Some(ear) = &mut self.ear
            && !self.out.was_slow
        {
            ear.has_heard_until(self.heard_ms);
        }
        if let Some(account) = self.ear.as_mut().and_then(Ear::account_mut)
            && !self.out.was_slow
        {
            account.watch.has_heard_until(self.heard_at);
        }
        (self.heard_ms, self.heard_at) = (now.unix_ms, now.at);
        if !self.out.has_arrived(world) {
            return;
        }
        if let Some(Ear::Socket(socket)) = &mut self.ear {
            socket.has_arrived(truth);
        }
        let (read_at, _) = *self.read_at.get_or_insert((now.at, truth.newest()));
        self.is_late =
            self.asked.as_ref().is_some_and(|asked| now.at > read_at + 1000 * asked.wait_s + 2 * TICK_MS);
    }

    fn listen(&mut self, bytes: &[u8], truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        if let Some(Ear::Socket(socket)) = &mut self.ear {
            return socket.listen(bytes, &mut self.out, truth, ledger);
        }
        self.http.push(bytes);
        while let Some(part) = self.http.next_part()? {
            match part {
                HttpPart::Continue => return Err("nobody expects a 100".to_owned()),
                HttpPart::Head(head) => {
                    let asked = self.asked.as_ref().ok_or("a head that nobody asked for")?;
                    // Answered in part only, if the server did not wait for the rest.
                    let newest = self.read_at.map_or(truth.newest(), |(_, newest)| newest);
                    self.ear = Some(Ear::open(&head, asked, newest, truth)?);
                }
                HttpPart::Switched => {
                    let rest = core::mem::take(&mut self.http).into_rest();
                    let Some(Ear::Socket(socket)) = &mut self.ear else {
                        return Err("no handshake".to_owned());
                    };
                    return socket.listen(&rest, &mut self.out, truth, ledger);
                }
                HttpPart::Body(bytes) => {
                    self.ear.as_mut().ok_or("a body follows its head")?.hear(truth, &bytes)?;
                }
                HttpPart::End => {
                    let asked = self.asked.take().ok_or("an end follows its head")?;
                    let ear = self.ear.as_mut().ok_or("an end follows its head")?;
                    ear.end(truth, &asked)?;
                    self.is_over = !asked.via.is_batch();
                }
            }
        }
        Ok(())
    }

    /// Where a batch that was answered whole leaves its reader.
    fn batch_cursor(&mut self) -> Option<MessageId> {
        if self.asked.is_some() || self.is_over {
            return None;
        }
        self.ear.take()?.place()?.cursor
    }
}

/// One to three of them.
fn some_channels(dice: &mut Dice) -> Vec<String> {
    let from = dice.below(CHANNELS.len());
    let count = 1 + dice.below(3);
    (0..count).map(|n| CHANNELS[(from + 2 * n) % CHANNELS.len()].to_owned()).collect()
}
