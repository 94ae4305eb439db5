//! Connection state recovery: what is remembered of a socket whose connection is gone, so that it goes on when its
//! client comes back.  Law: what a pid names is found once, and for as long as a session is remembered; where it is not
//! found the pid itself still says who the client was and where it stood.

use super::super::engine::SessionId;
use crate::base::fading::Fading;
use crate::base::time::Millis;
use crate::hub::ReaderId;
use crate::message::Cursor;
use crate::server::reading::checked_session;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What a pid says: a part that is drawn, the position when it was given, and the session of the client.
pub(super) struct Pid<'a> {
    pub(super) position: Cursor,
    pub(super) session: &'a str,
}

impl<'a> Pid<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (_, position, session) = (parts.next()?, parts.next()?, parts.next()?);
        checked_session(Some(session.to_owned())).ok()?;
        Some(Pid { position: position.parse().ok()?, session })
    }

    pub(super) fn write(drawn: &str, position: Cursor, session: &str) -> Box<str> {
        format!("{drawn}.{position}.{session}").into()
    }
}

/// What is remembered of a socket.
pub(super) struct Away {
    /// The own channel of its namespace.
    pub(super) channel: Rc<str>,
    /// Its other channels, and from where on each of them was read as it came.
    pub(super) extras: BTreeMap<Rc<str>, Cursor>,
    /// What it was told up to here is not known to have arrived, unless its client names a later id.
    pub(super) unproven: Cursor,
}

impl Away {
    fn weight(&self) -> usize {
        1 + self.extras.len()
    }
}

/// All sockets that may be known again.
#[derive(Default)]
pub(in crate::server) struct Recoveries {
    /// Those that are there.
    pub(super) present: HashMap<Box<str>, (SessionId, ReaderId)>,
    away: Fading<Box<str>, Away>,
    /// How many channels all of them have together, one each besides their own.
    channels: usize,
}

impl Recoveries {
    /// The socket's connection is gone.
    pub(super) fn put(&mut self, pid: Box<str>, away: Away, until: Millis) {
        self.present.remove(&pid);
        self.channels += away.weight();
        self.away.put(pid, away, until);
    }

    /// Takes out what is remembered.
    pub(super) fn take(&mut self, pid: &str) -> Option<Away> {
        let away = self.away.take(&pid.into())?;
        self.channels -= away.weight();
        Some(away)
    }

    /// When the next of them is forgotten.
    pub(in crate::server) fn deadline(&self) -> Option<Millis> {
        self.away.next()
    }

    /// Forgets those whose time has come, and the oldest of those with more than `most` channels.
    pub(in crate::server) fn let_go(&mut self, now: Millis, most: usize) {
        loop {
            let count_max = if self.channels > most { 0 } else { usize::MAX };
            let Some((_, away)) = self.away.pop(now, count_max) else { return };
            self.channels -= away.weight();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;

    #[test]
    fn the_oldest_make_room_by_their_channels() {
        let away = |extras: u8| Away {
            channel: "news".into(),
            extras: (0..extras).map(|n| (format!("{n}").into(), MessageId::ZERO)).collect(),
            unproven: MessageId::ZERO,
        };
        let mut all = Recoveries::default();
        for (pid, extras) in [("a", 3), ("b", 0), ("c", 4)] {
            all.put(pid.into(), away(extras), Millis(10));
        }
        all.let_go(Millis(0), 6);
        assert!(all.take("a").is_none() && all.take("b").is_some());
        assert_eq!(all.channels, 5);
        all.let_go(Millis(10), 6);
        assert_eq!((all.channels, all.deadline()), (0, None));
    }

    #[test]
    fn a_pid_says_where_and_who() {
        let session = "0123456789abcdefABC_-.";
        let session = session.trim_end_matches('.');
        let session = format!("{session}01");
        let text = Pid::write("drawn", MessageId::new(5, 7), &session);
        let pid = Pid::parse(&text).expect("it was written here");
        assert_eq!((pid.position, pid.session), (MessageId::new(5, 7), &*session));
        for wrong in
            ["", "a", "a.1-1", "a.x.0123456789abcdef012345", "a.1-1.short", "a.1-1.0123456789abcdef.12345"]
        {
            assert!(Pid::parse(wrong).is_none(), "{wrong}");
        }
    }
}
