//! A snapshot shows what every process remembers, keeps and waits for after an event, and taking it changes nothing.

use quiesce_machine::Delay;
use quiesce_sim::{Action, Course, Records, inspect, replay};

use crate::puppet::{A, B, Op, Tell, ms, plan};

#[test]
fn a_snapshot_shows_memory_records_writes_and_timers() {
    let mut plan = plan()
        .tell(10, A, [Op::Put(1, 10), Op::Arm(4, Delay::from(ms(400))), Op::Note(B, 1)])
        .act(20, Action::Crash { node: B, records: Records::Kept, stays_down: true });
    plan.store_latency = ms(5).into();
    let (played, taken) = inspect(&plan, &Course::seed(1), &[99, 0, 4, 6, 6]);
    assert_eq!(played, replay(&plan, &Course::seed(1)), "looking changes nothing");
    assert_eq!(taken.iter().map(|snapshot| snapshot.step).collect::<Vec<_>>(), [0, 4, 6, 99]);
    let a = |place: usize| &taken[place].nodes[0];
    let b = |place: usize| &taken[place].nodes[1];
    assert_eq!((&a(0).memory, a(0).timers.len()), (&None, 0), "nothing has started");
    assert_eq!((a(1).pending, a(1).timers.as_slice()), (1, ["Ring(4)".to_owned()].as_slice()));
    assert_eq!((a(2).pending, a(2).records.as_slice()), (0, ["Row(1, 10)".to_owned()].as_slice()));
    assert_eq!(b(2).memory.as_deref(), Some("Puppet { heard: 1 }"));
    assert_eq!((&b(3).memory, a(3).timers.len()), (&None, 0), "the end: b is dead, the alarm rang");
}
