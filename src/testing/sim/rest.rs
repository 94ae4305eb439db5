//! The end of a play, when nothing moves any more and when all have gone.  Law: everybody has been told everything, and
//! nothing is left of whoever has left.

use super::answerer::Answerer;
use super::asker::Asker;
use super::page::Page;
use super::publisher::Publisher;
use super::reader::Reader;
use super::scenario::CHANNELS;
use super::{Play, bounds, presence};

/// Milliseconds after which nothing is left of clients that went away: every timeout, and the end of an age.
const ALONE_MS: u64 = 400_000;
/// Turns after which what heals is at rest.
const HEALING_ROUNDS: usize = 2_000;

/// Milliseconds of quiet beyond the grace, in which held polls come to their end, and steps of it.
const QUIET_MS: u64 = 6_000;
const QUIET_STEP_MS: u64 = 1_000;

impl Play {
    /// Everything heals and comes to rest: then everybody has been told everything.
    pub(super) fn rest(&mut self) -> Result<(), String> {
        self.journal.set_up(true);
        self.journal.set_prompt(true);
        for _ in 0..HEALING_ROUNDS {
            self.journal.commit(self.world.now().unix_ms, usize::MAX);
            self.world.commit();
            self.readers.iter_mut().for_each(|reader| reader.heal(&mut self.world));
            self.publishers.iter_mut().for_each(|publisher| publisher.heal(&mut self.world));
            self.askers.iter_mut().for_each(|asker| asker.heal(&mut self.world));
            self.answerers.iter_mut().for_each(|answerer| answerer.heal(&mut self.world));
            self.vandals.iter_mut().for_each(|vandal| vandal.heal(&mut self.world));
            for page in &mut self.pages {
                page.heal(&mut self.world, &self.truth, &mut self.dice);
            }
            let moved = self.world.turn();
            self.learn();
            let Play { dice, world, truth, ledger, readers, publishers, pages, .. } = self;
            for page in pages.iter_mut() {
                page.listen(world, truth, ledger, dice)?;
            }
            for reader in readers.iter_mut() {
                reader.listen(world, truth, ledger)?;
            }
            for publisher in publishers.iter_mut() {
                publisher.listen(world, truth, ledger)?;
            }
            self.hear_of_questions()?;
            if !moved && self.is_quiet() {
                self.truth.tally.count("a world at rest");
                return self.is_settled();
            }
        }
        Err("the world does not come to rest".to_owned())
    }

    /// All is quiet for longer than the grace; then who is present is known.
    pub(super) fn look_around(&mut self) -> Result<(), String> {
        let readers = self.readers.iter().flat_map(|reader| reader.gone_clients(&self.world));
        let pages = self.pages.iter().flat_map(|page| page.gone_clients(&self.world));
        let gone: Vec<String> = readers.chain(pages).collect();
        let end = self.world.now().at + self.scenario.settings.presence_grace_ms + QUIET_MS;
        while self.world.now().at < end {
            self.world.advance(QUIET_STEP_MS);
            self.rest()?;
        }
        if self.is_draining {
            return Ok(());
        }
        self.truth.tally.count("a look at who is present");
        for channel in CHANNELS {
            let listed = presence::list(&mut self.world, channel)?;
            for reader in &self.readers {
                let is_there = reader.listens_to(&self.world).contains(&channel);
                if let Some(client) = reader.client().filter(|client| is_there && !listed.contains(client)) {
                    return Err(format!("{client} listens to {channel}, and {listed:?} are listed"));
                }
                reader.agrees(&self.world, channel, &listed)?;
            }
            for page in &self.pages {
                let theirs = page.listens_to(&self.world);
                if let Some((_, client)) =
                    theirs.iter().find(|(name, client)| *name == channel && !listed.contains(*client))
                {
                    return Err(format!("{client} listens to {channel}, and {listed:?} are listed"));
                }
                page.agrees(&self.world, channel, &listed)?;
            }
            if let Some(client) = gone.iter().find(|client| listed.contains(*client)) {
                return Err(format!("{client} left {channel} long ago and is listed"));
            }
        }
        Ok(())
    }

    fn is_quiet(&self) -> bool {
        self.readers.iter().all(Reader::is_quiet)
            && self.publishers.iter().all(Publisher::is_quiet)
            && self.askers.iter().all(Asker::is_quiet)
            && self.answerers.iter().all(Answerer::is_quiet)
            && self.pages.iter().all(Page::is_quiet)
    }

    fn is_settled(&self) -> Result<(), String> {
        for reader in &self.readers {
            reader.is_done(&self.truth)?;
        }
        for publisher in &self.publishers {
            publisher.is_done(self.world.now().at)?;
        }
        for asker in &self.askers {
            asker.is_done(self.world.now().at, &self.truth)?;
        }
        for answerer in &self.answerers {
            answerer.is_done()?;
        }
        for page in &self.pages {
            page.is_done(self.world.now().at, &self.truth)?;
        }
        self.ledger.check(&self.truth)?;
        bounds::check(&self.world, &self.scenario, self.ledger.widest())
    }

    /// Everybody goes away, time passes, and nothing is left of them.
    pub(super) fn leave(&mut self) -> Result<(), String> {
        let Play { dice, world, readers, publishers, askers, answerers, pages, vandals, .. } = self;
        pages.iter_mut().for_each(|page| page.hang_up(world, dice));
        readers.iter_mut().for_each(|reader| reader.hang_up(world, dice));
        publishers.iter_mut().for_each(|publisher| publisher.hang_up(world, dice));
        askers.iter_mut().for_each(|asker| asker.hang_up(world, dice));
        answerers.iter_mut().for_each(|answerer| answerer.hang_up(world, dice));
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
