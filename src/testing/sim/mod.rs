//! The simulator: the real server and the real pump in a world without sockets and clock, among many clients and a
//! journal that fails.  Law: one seed is one run, to the byte; at every step all invariants hold.
//!
//! - [`scenario`]: what a seed plays with: limits, numbers, how rough it gets
//! - [`reader`], [`publisher`], [`vandal`]: the clients; [`asking`], [`hearing`], [`socket`], [`outbox`]: how they do it
//! - [`journal`]: delays, fails, restarts
//! - [`truth`]: what there is to read; [`account`]: what one reader must still be told of it; [`ledger`]: what
//!   publishers were told
//! - [`bounds`]: what the server may hold; [`tally`]: how often what happened
//!
//! The clients read the wire by `testing::decode`, which knows nothing of the server's codecs. Run one seed with
//! [`run`]; `tests/sim.rs` runs thousands.

pub mod account;
pub mod asking;
pub mod bounds;
pub mod hearing;
pub mod journal;
pub mod ledger;
pub mod outbox;
pub mod payload;
pub mod publisher;
pub mod reader;
pub mod scenario;
pub mod socket;
pub mod tally;
pub mod truth;
pub mod vandal;

use super::dice::Dice;
use super::driver::{BEGIN_UNIX_MS, World};
use journal::SimJournal;
use ledger::Ledger;
use publisher::Publisher;
use reader::Reader;
use scenario::Scenario;
use tally::Tally;
use truth::{Troubles, Truth};
use vandal::Vandal;

/// Milliseconds after which nothing is left of clients that went away: every timeout, and the end of an age.
const ALONE_MS: u64 = 400_000;
/// Turns after which what heals is at rest.
const HEALING_ROUNDS: usize = 2_000;

/// Plays one seed; says how often what happened.
///
/// # Errors
/// The invariant that did not hold, with the step and the scenario.
pub fn run(seed: u64) -> Result<Tally, String> {
    let mut play = Play::new(seed);
    let outcome = play.play();
    outcome
        .map(|()| play.truth.tally.clone())
        .map_err(|error| format!("seed {seed}, step {}: {error}\n{:#?}", play.step, play.scenario))
}

/// One run.
struct Play {
    dice: Dice,
    scenario: Scenario,
    world: World,
    journal: SimJournal,
    truth: Truth,
    ledger: Ledger,
    readers: Vec<Reader>,
    publishers: Vec<Publisher>,
    vandals: Vec<Vandal>,
    step: usize,
    /// How often the process started.
    starts: u8,
    /// The server was told to end.
    is_draining: bool,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // The first throws of neighbouring seeds are alike.
        for _ in 0..10 {
            dice.below(2);
        }
        let scenario = Scenario::throw(&mut dice);
        let journal = SimJournal::new(BEGIN_UNIX_MS);
        Play {
            world: World::with_journal(scenario.settings.clone(), Box::new(journal.clone()), [0; 32]),
            truth: Truth::new(scenario.bounds.clone(), journal.start()),
            ledger: Ledger::default(),
            readers: (0..scenario.readers).map(|name| Reader::new(name, &mut dice)).collect(),
            publishers: (0..scenario.publishers).map(Publisher::new).collect(),
            vandals: (0..scenario.vandals).map(|_| Vandal::default()).collect(),
            step: 0,
            starts: 0,
            is_draining: false,
            dice,
            scenario,
            journal,
        }
    }

    fn play(&mut self) -> Result<(), String> {
        while self.step < self.scenario.steps {
            self.step += 1;
            self.act();
            self.happen()?;
            self.world.turn_by_chance(&mut self.dice);
            self.observe()?;
            if self.dice.one_in(80) {
                self.rest()?;
            }
        }
        self.rest()?;
        self.leave()
    }

    /// Some client does something.
    fn act(&mut self) {
        let Play { dice, scenario, world, truth, ledger, readers, publishers, vandals, .. } = self;
        match dice.below(10) {
            0..=5 => {
                let reader = dice.below(readers.len());
                readers[reader].act(world, truth, ledger, dice);
            }
            6..=8 => {
                let clients: Vec<String> = readers.iter().filter_map(Reader::client).collect();
                let publisher = dice.below(publishers.len());
                publishers[publisher].act(world, truth, ledger, scenario, &clients, dice);
            }
            _ if vandals.is_empty() => {}
            _ => {
                let vandal = dice.below(vandals.len());
                vandals[vandal].act(world, dice);
            }
        }
    }

    /// Something happens to all: time passes, the journal moves or fails, the process ends.
    fn happen(&mut self) -> Result<(), String> {
        match self.dice.below(12) {
            0..=2 => self.world.advance(self.dice.below(20) as u64),
            3 => self.world.advance(self.dice.below(2_000) as u64),
            4 if self.dice.one_in(4) => self.world.advance_to_deadline(),
            5 if self.scenario.is_journal_rough => self.rough_journal(),
            6 if self.scenario.is_clock_rough && self.dice.one_in(6) => {
                let forward = self.dice.below(20_000) as u64;
                self.world.set_clock(self.world.now().unix_ms + forward - 10_000);
            }
            7 if self.scenario.restarts && self.dice.one_in(20) => self.restart(),
            8 if self.scenario.restarts && self.dice.one_in(30) => {
                self.is_draining = true;
                let Play { world, readers, .. } = self;
                readers.iter_mut().for_each(|reader| reader.is_drained(world));
                world.drain();
            }
            _ => {}
        }
        if self.is_draining && self.world.has_stopped() {
            self.are_told()?;
            self.restart();
        }
        Ok(())
    }

    /// A server that is over has told everybody.
    fn are_told(&mut self) -> Result<(), String> {
        self.learn();
        let Play { world, truth, ledger, readers, .. } = self;
        for reader in readers {
            reader.listen(world, truth, ledger)?;
            reader.was_told()?;
        }
        Ok(())
    }

    fn rough_journal(&mut self) {
        let unix_ms = self.world.now().unix_ms;
        match self.dice.below(8) {
            0 => self.journal.set_prompt(false),
            1 => self.journal.set_prompt(true),
            2 => self.journal.set_up(false),
            3 | 4 => self.journal.set_up(true),
            5 => self.journal.fail(unix_ms, &mut self.dice),
            _ => self.journal.commit(unix_ms, 1 + self.dice.below(5)),
        }
        self.world.commit();
    }

    /// The process is killed; another starts with its journal, or with an empty one.
    fn restart(&mut self) {
        self.starts += 1;
        let unix_ms = self.world.now().unix_ms;
        let forgets = self.dice.one_in(3);
        self.truth.tally.count(if forgets { "a restart that forgot" } else { "a restart that remembered" });
        if forgets {
            // Behind every id there was, as after a pause.
            self.world.set_clock(unix_ms.max(self.truth.newest().ms) + 1);
            self.journal = SimJournal::new(self.world.now().unix_ms);
            self.truth.forget(self.journal.start());
        } else {
            self.journal.reopen(unix_ms, &mut self.dice);
        }
        self.journal.set_up(true);
        let (settings, journal) = (self.scenario.settings.clone(), self.journal.clone());
        self.world.restart(settings, Box::new(journal), [self.starts; 32]);
        self.truth.restart(self.world.now().unix_ms);
        self.readers.iter_mut().for_each(Reader::restarted);
        self.publishers.iter_mut().for_each(|publisher| publisher.restarted(forgets));
        self.vandals.iter_mut().for_each(|vandal| *vandal = Vandal::default());
        self.is_draining = false;
    }

    /// Everybody reads what came, and all is held against the truth.
    fn observe(&mut self) -> Result<(), String> {
        self.learn();
        let Play { dice, world, truth, ledger, readers, publishers, vandals, scenario, .. } = self;
        for reader in readers.iter_mut() {
            if !dice.one_in(3) {
                reader.listen(world, truth, ledger)?;
            }
        }
        for publisher in publishers.iter_mut() {
            publisher.listen(world, truth, ledger)?;
        }
        vandals.iter_mut().for_each(|vandal| vandal.listen(world));
        bounds::check(world, scenario, ledger.widest())
    }

    /// What the server applied becomes the truth.
    fn learn(&mut self) {
        while let Some(entry) = self.journal.applied() {
            self.truth.apply(&entry);
        }
        self.truth.troubles = Troubles {
            is_crowded: self.scenario.is_crowded,
            is_draining: self.is_draining,
            journal_failures: self.journal.failures(),
        };
        self.truth.tick(self.world.now().unix_ms);
    }

    /// Everything heals and comes to rest: then everybody has been told everything.
    fn rest(&mut self) -> Result<(), String> {
        self.journal.set_up(true);
        self.journal.set_prompt(true);
        for _ in 0..HEALING_ROUNDS {
            self.journal.commit(self.world.now().unix_ms, usize::MAX);
            self.world.commit();
            self.readers.iter_mut().for_each(|reader| reader.heal(&mut self.world));
            self.publishers.iter_mut().for_each(|publisher| publisher.heal(&mut self.world));
            self.vandals.iter_mut().for_each(|vandal| vandal.heal(&mut self.world));
            let moved = self.world.turn();
            self.learn();
            let Play { world, truth, ledger, readers, publishers, .. } = self;
            for reader in readers.iter_mut() {
                reader.listen(world, truth, ledger)?;
            }
            for publisher in publishers.iter_mut() {
                publisher.listen(world, truth, ledger)?;
            }
            if !moved && self.is_quiet() {
                self.truth.tally.count("a world at rest");
                return self.is_settled();
            }
        }
        Err("the world does not come to rest".to_owned())
    }

    fn is_quiet(&self) -> bool {
        self.readers.iter().all(Reader::is_quiet) && self.publishers.iter().all(Publisher::is_quiet)
    }

    fn is_settled(&self) -> Result<(), String> {
        for reader in &self.readers {
            reader.is_done(&self.truth)?;
        }
        for publisher in &self.publishers {
            publisher.is_done(self.world.now().at)?;
        }
        self.ledger.check(&self.truth)?;
        bounds::check(&self.world, &self.scenario, self.ledger.widest())
    }

    /// Everybody goes away, time passes, and nothing is left of them.
    fn leave(&mut self) -> Result<(), String> {
        let Play { dice, world, readers, publishers, vandals, .. } = self;
        readers.iter_mut().for_each(|reader| reader.hang_up(world, dice));
        publishers.iter_mut().for_each(|publisher| publisher.hang_up(world, dice));
        vandals.iter_mut().for_each(|vandal| vandal.hang_up(world, dice));
        let end = world.now().at + ALONE_MS;
        world.settle();
        // Whoever hangs up is noticed at once, and its held poll let go.
        let (open, parked) = (world.peers_open(), world.stats().parked);
        if parked > open {
            return Err(format!("{parked} polls are held, and {open} peers have not hung up"));
        }
        while world.next_deadline().is_some_and(|due| due <= end) {
            world.advance_to_deadline();
            world.settle();
        }
        world.advance(end.since(world.now().at));
        bounds::is_empty(world)
    }
}
