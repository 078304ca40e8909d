use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::load::SLOWEST;
use crate::xaction::{Fact, Node};

/// Where users alone keep a disk above the high watermark, jobs go as slowly as they can, but for eviction without space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct UsersAreSpared {
    judged: bool,
}

impl Property<Node> for UsersAreSpared {
    const NAME: &'static str = "users-are-spared";
    const CLAIM: &'static str = "where users alone keep a disk above the high watermark, jobs go as slowly as they can";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::Paced { job, users, pace, urgent } } = seen else { return Ok(()) };
        let high = view.config().hosting.and_then(|hosting| hosting.load).map_or(100, |marks| marks.high);
        self.judged |= users >= high;
        if users < high || urgent || pace == SLOWEST {
            return Ok(());
        }
        Err(format!("{job} goes at 1/{pace} at {}, where users alone make {users} %", view.name(by)))
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{Hosting, Watermarks};

    fn verdict(users: u8, pace: u8, urgent: bool) -> Result<(), String> {
        let mut still = Still::hosting();
        still.config.hosting = Some(Hosting { load: Some(Watermarks::default()), ..Hosting::default() });
        still.tell(&mut UsersAreSpared::default(), &[(T1, Fact::Paced { job: JOB, users, pace, urgent })])
    }

    #[test]
    fn a_slow_job_on_a_busy_disk_and_a_fast_one_on_an_idle_disk_are_good() {
        assert_eq!(verdict(95, SLOWEST, false), Ok(()));
        assert_eq!(verdict(10, 1, false), Ok(()));
        assert_eq!(verdict(95, 1, true), Ok(()), "eviction without space");
    }

    #[test]
    fn a_fast_job_on_a_busy_disk_is_bad() {
        assert_eq!(verdict(95, 2, false).unwrap_err(), "x-c1.1.0 goes at 1/2 at t1, where users alone make 95 %");
    }
}
