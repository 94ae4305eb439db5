//! The simulator: the real server and the real pump in a world without sockets and clock, among many clients and a
//! journal that fails.  Law: one seed is one run, to the byte; at every step all invariants hold.
//!
//! - [`scenario`]: what a seed plays with: limits, numbers, how rough it gets
//! - [`reader`], [`publisher`], [`asker`], [`answerer`], [`vandal`]: the clients; [`asking`], [`hearing`], [`socket`],
//!   [`exchange`], [`outbox`]: how they do it
//! - [`page`]: a client of Socket.IO, with several namespaces on one session ([`engine`])
//! - [`journal`]: delays, fails, restarts
//! - [`truth`]: what there is to read; [`questions`]: what became of them; [`account`]: what one reader must still be told
//!   of it; [`presence`]: who is there; [`ledger`]: what publishers were told
//! - [`bounds`]: what the server may hold; [`tally`]: how often what happened
//!
//! The clients read the wire by `testing::decode`, which knows nothing of the server's codecs. Run one seed with
//! [`run`]; `tests/sim.rs` runs thousands.

pub mod account;
pub mod answerer;
pub mod asker;
pub mod asking;
pub mod bounds;
pub mod engine;
pub mod exchange;
pub mod frames;
pub mod hearing;
pub mod journal;
pub mod ledger;
pub mod outbox;
pub mod page;
pub mod payload;
pub mod presence;
pub mod publisher;
pub mod questions;
pub mod reader;
mod rest;
pub mod scenario;
pub mod socket;
pub mod tally;
pub mod truth;
pub mod vandal;

use super::dice::Dice;
use super::driver::{BEGIN_UNIX_MS, World};
use answerer::Answerer;
use asker::Asker;
use journal::SimJournal;
use ledger::Ledger;
use page::Page;
use publisher::Publisher;
use reader::Reader;
use scenario::Scenario;
use std::collections::BTreeMap;
use tally::Tally;
use truth::{Troubles, Truth};
use vandal::Vandal;

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
    askers: Vec<Asker>,
    answerers: Vec<Answerer>,
    pages: Vec<Page>,
    vandals: Vec<Vandal>,
    /// Who certainly listened when it was last counted, by channel, and how many there were at all.
    listeners: (BTreeMap<String, usize>, usize),
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
            askers: (0..scenario.askers).map(|name| Asker::new(name, &scenario)).collect(),
            answerers: (0..scenario.askers).map(Answerer::new).collect(),
            pages: (0..scenario.pages).map(|name| Page::new(name, &mut dice)).collect(),
            vandals: (0..scenario.vandals).map(|_| Vandal::default()).collect(),
            listeners: <_>::default(),
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
            self.act_as_page();
            self.happen()?;
            self.world.turn_by_chance(&mut self.dice);
            self.observe()?;
            if self.dice.one_in(80) {
                self.rest()?;
                if self.scenario.looks_around && self.dice.one_in(3) {
                    self.look_around()?;
                }
            }
        }
        self.rest()?;
        self.leave()
    }

    /// Some client does something.
    fn act(&mut self) {
        let Play {
            dice,
            scenario,
            world,
            truth,
            ledger,
            readers,
            publishers,
            askers,
            answerers,
            vandals,
            pages,
            ..
        } = self;
        match dice.below(10 + 3 * askers.len()) {
            0..=5 => {
                let reader = dice.below(readers.len());
                readers[reader].act(world, truth, ledger, dice);
            }
            6..=8 => {
                let named = pages.iter().flat_map(Page::clients);
                let clients: Vec<String> = readers.iter().filter_map(Reader::client).chain(named).collect();
                let publisher = dice.below(publishers.len());
                publishers[publisher].act(world, truth, ledger, scenario, &clients, dice);
            }
            9 if vandals.is_empty() => {}
            9 => {
                let vandal = dice.below(vandals.len());
                vandals[vandal].act(world, dice);
            }
            n if n.is_multiple_of(2) => {
                let asker = dice.below(askers.len());
                askers[asker].act(world, truth, ledger, scenario, dice);
            }
            _ => {
                let answerer = dice.below(answerers.len());
                answerers[answerer].act(world, truth, ledger, scenario, dice);
            }
        }
    }

    /// Some page does something: it must answer, and ask anew, more often than others do anything.
    fn act_as_page(&mut self) {
        let Play { dice, world, truth, ledger, pages, .. } = self;
        if !pages.is_empty() {
            let page = dice.below(pages.len());
            pages[page].act(world, truth, ledger, dice);
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
                let Play { world, readers, askers, pages, .. } = self;
                pages.iter_mut().for_each(|page| page.is_drained(world));
                readers.iter_mut().for_each(|reader| reader.is_drained(world));
                askers.iter_mut().for_each(|asker| asker.is_drained());
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
        let Play { dice, world, truth, ledger, readers, askers, pages, .. } = self;
        for page in pages {
            page.listen(world, truth, ledger, dice)?;
            page.was_told()?;
        }
        for reader in readers {
            reader.listen(world, truth, ledger)?;
            reader.was_told()?;
        }
        for asker in askers {
            asker.listen(world, truth)?;
            asker.was_told()?;
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
        self.askers.iter_mut().for_each(|asker| asker.restarted(forgets));
        self.answerers.iter_mut().for_each(Answerer::restarted);
        self.pages.iter_mut().for_each(Page::restarted);
        self.vandals.iter_mut().for_each(|vandal| *vandal = Vandal::default());
        self.is_draining = false;
    }

    /// Everybody reads what came, and all is held against the truth.
    fn observe(&mut self) -> Result<(), String> {
        self.learn();
        let Play { dice, world, truth, ledger, readers, publishers, pages, vandals, scenario, .. } = self;
        for reader in readers.iter_mut() {
            if !dice.one_in(3) {
                reader.listen(world, truth, ledger)?;
            }
        }
        for publisher in publishers.iter_mut() {
            publisher.listen(world, truth, ledger)?;
        }
        for page in pages.iter_mut() {
            page.listen(world, truth, ledger, dice)?;
        }
        vandals.iter_mut().for_each(|vandal| vandal.listen(world));
        for (channel, client) in pages.iter().flat_map(|page| page.listens_to(world)) {
            truth.presence.sees(world.now().at, channel, client);
        }
        for reader in readers.iter() {
            let Some(client) = reader.client() else { continue };
            let channels = reader.listens_to(world);
            channels.into_iter().for_each(|channel| truth.presence.sees(world.now().at, channel, &client));
        }
        bounds::check(world, scenario, ledger.widest())?;
        self.hear_of_questions()
    }

    /// Those who ask and those who answer read what came, now that it is known who listens.
    fn hear_of_questions(&mut self) -> Result<(), String> {
        if self.askers.is_empty() {
            return Ok(());
        }
        let before = self.take_census();
        let Play { world, truth, ledger, askers, answerers, listeners, .. } = self;
        let least = |(channel, count): (&String, &usize)| {
            let had = before.0.get(channel).copied().unwrap_or(0);
            (channel.clone(), had.min(*count))
        };
        truth.audience.least = listeners.0.iter().map(least).collect();
        truth.audience.most = before.1.max(listeners.1);
        for asker in askers.iter_mut() {
            asker.listen(world, truth)?;
        }
        for answerer in answerers.iter_mut() {
            answerer.listen(world, truth, ledger)?;
        }
        Ok(())
    }

    /// Counts who listens; what the last count was.
    fn take_census(&mut self) -> (BTreeMap<String, usize>, usize) {
        let mut counts = BTreeMap::new();
        for channel in self.readers.iter().flat_map(|reader| reader.listens_to(&self.world)) {
            *counts.entry(channel.to_owned()).or_default() += 1;
        }
        for (channel, _) in self.pages.iter().flat_map(|page| page.listens_to(&self.world)) {
            *counts.entry(channel.to_owned()).or_default() += 1;
        }
        core::mem::replace(&mut self.listeners, (counts, self.world.stats().readers))
    }

    /// What the server applied becomes the truth.
    fn learn(&mut self) {
        self.truth.questions.turn += 1;
        while let Some(entry) = self.journal.applied() {
            self.truth.apply(&entry);
        }
        self.truth.now = self.world.now();
        self.truth.troubles = Troubles {
            is_crowded: self.scenario.is_crowded,
            is_draining: self.is_draining,
            journal_failures: self.journal.failures(),
        };
        self.truth.tick(self.world.now().unix_ms);
    }
}
