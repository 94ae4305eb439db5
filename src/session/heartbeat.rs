//! Is the client alive? The server pings, the client answers.  Law: a session is dead from the moment on at which the
//! answer is overdue, whenever that is noticed; a ping that is sent late leaves no more time for its answer.

use crate::base::time::Millis;

/// The pings of one session.
#[derive(Copy, Clone, Debug)]
pub struct Heartbeat {
    interval_ms: u64,
    timeout_ms: u64,
    next: Next,
}

#[derive(Copy, Clone, Debug)]
enum Next {
    /// A ping is due then.
    Ping(Millis),
    /// The answer to one is overdue then.
    Death(Millis),
}

impl Heartbeat {
    /// That of a session which begins at `now`. `interval_ms`: from a sign of life to the next ping; `timeout_ms`: from
    /// a ping to the latest answer.
    pub fn new(interval_ms: u64, timeout_ms: u64, now: Millis) -> Self {
        Heartbeat { interval_ms, timeout_ms, next: Next::Ping(now + interval_ms) }
    }

    /// When there is something to do.
    pub fn deadline(&self) -> Millis {
        match self.next {
            Next::Ping(at) | Next::Death(at) => at,
        }
    }

    /// Is an answer overdue?
    pub fn is_dead(&self, now: Millis) -> bool {
        match self.next {
            Next::Ping(at) => at + self.timeout_ms <= now,
            Next::Death(at) => at <= now,
        }
    }

    /// Is a ping to be sent? Says so once.
    pub fn take_ping(&mut self, now: Millis) -> bool {
        match self.next {
            Next::Ping(at) if at <= now => {
                self.next = Next::Death(at + self.timeout_ms);
                true
            }
            Next::Ping(_) | Next::Death(_) => false,
        }
    }

    /// The client has answered: was it asked? One that was not has time until its next ping, no more.
    pub fn take_pong(&mut self, now: Millis) -> bool {
        match self.next {
            Next::Death(_) => {
                self.next = Next::Ping(now + self.interval_ms);
                true
            }
            Next::Ping(_) => false,
        }
    }

    /// The connection took nothing until `now`, so that neither ping nor answer could pass.
    pub fn excuse(&mut self, now: Millis) {
        self.next = Next::Ping(now + self.interval_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_comes_after_each_answer_and_death_after_each_ping() {
        let mut heartbeat = Heartbeat::new(300, 200, Millis(1000));
        assert_eq!(heartbeat.deadline(), Millis(1300));
        assert!(!heartbeat.take_ping(Millis(1299)));
        assert!(heartbeat.take_ping(Millis(1310)));
        assert!(!heartbeat.take_ping(Millis(1310)), "once");
        assert_eq!(heartbeat.deadline(), Millis(1500), "from when it was due");
        assert!(heartbeat.take_pong(Millis(1400)));
        assert_eq!(heartbeat.deadline(), Millis(1700));
        assert!(heartbeat.take_ping(Millis(1700)));
        assert!(!heartbeat.is_dead(Millis(1899)));
        assert!(heartbeat.is_dead(Millis(1900)));
    }

    #[test]
    fn whoever_was_not_even_asked_is_dead_at_the_same_time() {
        let heartbeat = Heartbeat::new(300, 200, Millis(0));
        assert!(!heartbeat.is_dead(Millis(499)));
        assert!(heartbeat.is_dead(Millis(500)));
    }

    #[test]
    fn an_answer_to_no_ping_puts_nothing_off() {
        let mut heartbeat = Heartbeat::new(300, 200, Millis(0));
        assert!(!heartbeat.take_pong(Millis(250)));
        assert_eq!(heartbeat.deadline(), Millis(300));
    }

    #[test]
    fn whoever_could_not_be_asked_is_asked_anew() {
        let mut heartbeat = Heartbeat::new(300, 200, Millis(0));
        assert!(heartbeat.take_ping(Millis(300)));
        heartbeat.excuse(Millis(600));
        assert!(!heartbeat.is_dead(Millis(899)));
        assert_eq!(heartbeat.deadline(), Millis(900));
    }
}
