//! The clock of `--demo`: a message each second in the channel `demo/clock`.  Law: it ticks with the seconds of the
//! wall clock, skips those that were missed, and its messages are like any others'.

use super::Server;
use super::entries::Proposer;
use crate::base::time::{Millis, Now};
use crate::channel_name::ChannelName;
use crate::message::{Command, Draft};

/// Where it is told.
const CHANNEL: &str = "demo/clock";
/// Seconds that a tick is kept: enough to come back to after a short break.
const TTL_S: u64 = 10;

impl Server {
    /// When the clock ticks next; `None`: there is none.
    pub(super) fn demo_deadline(&self) -> Option<Millis> {
        self.demo_at.filter(|_| !self.is_draining)
    }

    /// Ticks if it is time.
    pub(super) fn tick_demo(&mut self, now: Now) {
        if self.demo_deadline().is_none_or(|due| due > now.at) {
            return;
        }
        self.demo_at = Some(next_second(now));
        // A journal that is down takes no message, and the clock goes on with the next.
        let _ = self.propose(now, Proposer::Nobody, vec![Command::Publish(self.tick(now))], None);
    }

    /// What the clock says: the time to the second, as RFC 3339 has it.
    fn tick(&self, now: Now) -> Draft {
        let seconds = i64::try_from(now.unix_ms / 1000).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        let mut draft = Draft::new(ChannelName::parse(CHANNEL).expect("the name is well formed"));
        draft.event = Some("tick".into());
        draft.data = time.to_string().into_bytes().into();
        draft.ttl_s = Some(TTL_S.min(self.settings.retain_age_ms / 1000));
        draft
    }
}

/// When the wall clock's next second begins.
pub(super) fn next_second(now: Now) -> Millis {
    now.at + (1000 - now.unix_ms % 1000)
}
