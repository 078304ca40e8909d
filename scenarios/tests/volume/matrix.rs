//! The failure matrix of `reference/mayastor-control-plane.md` section 6, row by row: what fails at which point of a
//! request, and what the user is told. Every property has to hold throughout: nothing is left behind.

use std::time::Duration;

use quiesce_control::volume::{EngineId, PoolId, Reply, Request, Role, VolumeId};
use quiesce_machine::Time;
use quiesce_sim::{Action, Records, Step, StoreFault, Vacuity, Verdict, record, run};

use crate::sweep::{FROM, undisturbed};
use crate::worlds::want;

const V: VolumeId = VolumeId(1);

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// The store refuses the write.
    Refused,
    /// The store's disk loses the write and does not say so.
    Unsure,
    /// The agent dies just before it hears of it, and is back two seconds later.
    AgentDies,
    /// The engine answers with an internal error.
    Fails,
    /// The call takes a minute on its way.
    Late,
}

fn put() -> Request {
    Request::PutVolume { volume: V, want: want(2) }
}

fn delete() -> Request {
    Request::DeleteVolume { volume: V }
}

fn publish() -> Request {
    Request::Publish { volume: V, node: None }
}

fn unpublish() -> Request {
    Request::Unpublish { volume: V, force: false }
}

fn replicas(replicas: u8) -> Request {
    Request::SetReplicas { volume: V, replicas }
}

fn pool() -> Request {
    Request::PutPool { pool: PoolId(9), node: EngineId(0), size: 1 }
}

fn delete_pool() -> Request {
    Request::DeletePool { pool: PoolId(9) }
}

/// What the user is told if that goes wrong with the message of that kind, the `nth` since the request was made.
///
/// # Panics
/// When the request has no such message, or a property finds fault.
fn told(before: &[Request], request: &Request, trouble: Trouble, label: &str, nth: usize) -> Reply {
    let mut plan = undisturbed(before, request);
    let trace = record(&plan, 1).1;
    let since = Time::ZERO + FROM;
    let mut arrivals = trace.entries.iter().filter(|entry| entry.at >= since && entry.label == label);
    let struck = arrivals.nth(nth - 1).expect("the request has such a message");
    let (at, node) = (struck.at, struck.node.expect("a message arrives somewhere"));
    let cluster = plan.config.cluster;
    let call = quiesce_machine::CallId(1_000);
    let just_before = Time(at.as_nanos() - 500_000);
    let step = |at, action| Step { at, action, lasting: None };
    plan.steps.extend(match (trouble, cluster.role(node)) {
        (Trouble::Refused, Role::Store) => {
            vec![step(just_before, Action::Call { node, request: Request::Refuse { writes: 1 }, call })]
        }
        (Trouble::Unsure, Role::Store) => {
            let fault = StoreFault::Unknown { applied: false };
            vec![step(just_before, Action::Store { node: Some(node), fault, count: 1 })]
        }
        (Trouble::AgentDies, Role::Agent(_)) => vec![
            step(at, Action::Crash { node, records: Records::Kept, stays_down: false }),
            step(at + Duration::from_secs(2), Action::Restart { node }),
        ],
        (Trouble::Fails, Role::Engine(_)) => {
            vec![step(just_before, Action::Call { node, request: Request::Ail { calls: 1 }, call })]
        }
        (Trouble::Late, Role::Engine(_)) => {
            let (from, to) = (struck.peer, Some(node));
            let by = Duration::from_secs(60);
            let sent = Time(at.as_nanos() - 1_000_000);
            vec![step(sent, Action::Delay { label: label.to_owned(), from, to, count: 1, by })]
        }
        (trouble, role) => panic!("{trouble:?} is nothing that happens to {role}"),
    });
    plan.steps.sort_by_key(|step| step.at);
    let outcome = run(&plan, 1);
    let holds = match &outcome.verdict {
        Verdict::Pass => true,
        // One request does not give every property something to judge; but the trouble has to have happened.
        Verdict::Vacuous(reasons) => reasons.iter().all(|reason| matches!(reason, Vacuity::Unarmed { .. })),
        Verdict::Fail | Verdict::Incomplete(_) | Verdict::Error(_) => false,
    };
    assert!(holds, "{:?} {:?}", outcome.verdict, outcome.findings);
    let asked = u32::try_from(before.len()).expect("a few");
    let answer = outcome.replies.iter().find(|answer| answer.call.0 == asked);
    answer.expect("the request is answered").reply
}

macro_rules! rows {
    ($( $name:ident: $before:expr, $request:expr, $trouble:ident at $label:literal $nth:literal => $reply:ident; )+) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(told(&$before, &$request, Trouble::$trouble, $label, $nth), Reply::$reply);
            }
        )+
    };
}

fn replica() -> Request {
    Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 }
}

fn nexus() -> Request {
    Request::PutNexus { nexus: 1, node: EngineId(1), children: vec![1] }
}

fn republish() -> Request {
    Request::Republish { volume: V }
}

fn cordon() -> Request {
    Request::Cordon { node: EngineId(0), on: true }
}

rows! {
    a_create_whose_first_write_is_refused_is_refused: [], put(), Refused at "write" 1 => FailedPersist;
    a_create_whose_first_write_is_uncertain_goes_on: [], put(), Unsure at "write" 1 => Ok;
    a_create_survives_a_crash_after_the_first_write: [], put(), AgentDies at "write-done" 1 => Ok;
    a_create_goes_elsewhere_when_an_engine_fails: [], put(), Fails at "engine-call" 1 => Ok;
    a_create_that_nobody_else_can_serve_fails_with_its_engine: [], pool(), Fails at "engine-call" 1 => Internal;
    a_create_whose_call_comes_late_is_called_again: [], put(), Late at "engine-call" 1 => Ok;
    a_create_survives_a_crash_after_the_engine_made_it: [], put(), AgentDies at "call-done" 1 => Ok;
    a_create_whose_last_write_is_refused_is_taken_back: [], pool(), Refused at "write" 2 => FailedPersist;
    a_create_whose_last_write_is_uncertain_goes_on: [], pool(), Unsure at "write" 2 => Ok;
    a_create_survives_a_crash_before_it_is_answered: [], pool(), AgentDies at "write-done" 2 => AlreadyExists;
    a_volume_survives_a_crash_before_its_last_write: [], put(), AgentDies at "write-done" 5 => Ok;
    a_delete_whose_first_write_is_refused_leaves_the_volume: [put()], delete(), Refused at "write" 1 => FailedPersist;
    a_delete_goes_on_when_an_engine_fails: [pool()], delete_pool(), Fails at "engine-call" 1 => NoContent;
    a_delete_goes_on_when_its_last_write_is_refused: [pool()], delete_pool(), Refused at "write" 2 => NoContent;
    a_delete_is_finished_after_a_crash_after_its_first_write: [pool()], delete_pool(), AgentDies at "write-done" 1 => NotFound;
    a_delete_is_finished_after_a_crash_after_the_engine_destroyed_it: [pool()], delete_pool(), AgentDies at "call-done" 1 => NotFound;
    a_volume_goes_after_a_crash_in_the_middle_of_its_deletion: [put()], delete(), AgentDies at "write-done" 3 => NotFound;
    a_publish_whose_first_write_is_refused_does_nothing: [put()], publish(), Refused at "write" 1 => FailedPersist;
    a_publish_is_taken_back_when_the_engine_fails: [put()], publish(), Fails at "engine-call" 3 => Internal;
    a_publish_is_taken_back_when_its_last_write_is_refused: [put()], publish(), Refused at "write" 4 => FailedPersist;
    a_publish_is_made_anew_after_a_crash_in_the_middle: [put()], publish(), AgentDies at "call-done" 3 => Ok;
    an_unpublish_that_fails_at_the_engine_leaves_the_target: [put(), publish()], unpublish(), Fails at "engine-call" 1 => Internal;
    an_unpublish_goes_on_when_its_last_write_is_refused: [put(), publish()], unpublish(), Refused at "write" 3 => Ok;
    an_unpublish_is_finished_after_a_crash: [put(), publish()], unpublish(), AgentDies at "call-done" 1 => FailedPrecondition;
    a_growth_is_taken_back_after_a_crash_and_made_anew: [put(), publish()], replicas(3), AgentDies at "call-done" 1 => Ok;
    a_replica_whose_last_write_is_refused_is_taken_back: [], replica(), Refused at "write" 2 => FailedPersist;
    a_replica_whose_engine_fails_is_taken_back: [], replica(), Fails at "engine-call" 1 => Internal;
    a_replica_survives_a_crash_after_its_first_write: [], replica(), AgentDies at "write-done" 1 => Ok;
    a_nexus_whose_last_write_is_refused_is_taken_back: [replica()], nexus(), Refused at "write" 2 => FailedPersist;
    a_nexus_whose_engine_fails_is_taken_back: [replica()], nexus(), Fails at "engine-call" 1 => Internal;
    a_nexus_survives_a_crash_after_the_engine_made_it: [replica()], nexus(), AgentDies at "call-done" 1 => Ok;
    a_volume_goes_though_an_engine_fails: [put()], delete(), Fails at "engine-call" 1 => NoContent;
    a_volume_goes_though_its_last_write_is_refused: [put()], delete(), Refused at "write" 6 => NoContent;
    a_volume_goes_though_a_write_is_uncertain: [put()], delete(), Unsure at "write" 3 => NoContent;
    an_unpublish_whose_first_write_is_refused_does_nothing: [put(), publish()], unpublish(), Refused at "write" 1 => FailedPersist;
    a_move_whose_first_write_is_refused_does_nothing: [put(), publish()], republish(), Refused at "write" 1 => FailedPersist;
    a_move_is_taken_back_when_the_engine_fails: [put(), publish()], republish(), Fails at "engine-call" 3 => Internal;
    a_move_is_taken_back_when_its_last_write_is_refused: [put(), publish()], republish(), Refused at "write" 4 => FailedPersist;
    a_move_is_made_anew_after_a_crash_in_the_middle: [put(), publish()], republish(), AgentDies at "call-done" 3 => Ok;
    a_growth_whose_first_write_is_refused_does_nothing: [put(), publish()], replicas(3), Refused at "write" 1 => FailedPersist;
    a_growth_is_taken_back_when_the_target_fails: [put(), publish()], replicas(3), Fails at "engine-call" 3 => Internal;
    a_growth_is_taken_back_when_its_last_write_is_refused: [put(), publish()], replicas(3), Refused at "write" 4 => FailedPersist;
    a_shrink_whose_first_write_is_refused_does_nothing: [put(), publish()], replicas(1), Refused at "write" 1 => FailedPersist;
    a_shrink_is_given_up_when_the_target_fails: [put(), publish()], replicas(1), Fails at "engine-call" 1 => Internal;
    a_shrink_goes_on_when_its_last_write_is_refused: [put(), publish()], replicas(1), Refused at "write" 4 => Ok;
    a_cordon_whose_write_is_refused_does_nothing: [], cordon(), Refused at "write" 1 => FailedPersist;
    a_cordon_whose_write_is_uncertain_goes_on: [], cordon(), Unsure at "write" 1 => Ok;
    a_cordon_survives_a_crash_before_it_is_answered: [], cordon(), AgentDies at "write-done" 1 => FailedPrecondition;
    a_shrink_is_finished_after_a_crash: [put(), publish()], replicas(1), AgentDies at "call-done" 1 => FailedPrecondition;
}
