//! What the study of fan-out finds, as claims.

use std::time::Duration;

use quiesce::fanout::{Cell, Measured, Model, Setting, Way};

fn measured(targets: u32, members: u32, model: Model, waiters: u32) -> Measured {
    let cell = Cell { targets, members, jobs: 1, model, reporting: Way::Each, waiters };
    let measured = cell.run(&Setting::default()).unwrap();
    assert!(measured.whole, "{measured:?}");
    measured
}

#[test]
fn with_the_ic_a_client_talks_to_one_gateway_whatever_the_cluster() {
    for model in [Model::IcWait, Model::IcWaitProgress, Model::Snaps] {
        let facing = |targets| measured(targets, 3, model, 1).facing;
        assert_eq!(facing(4), facing(64), "{model:?}");
        assert!(facing(4) < 40, "{model:?}");
    }
}

#[test]
fn with_snapshots_every_poll_of_every_client_reaches_every_target() {
    for (targets, waiters) in [(4, 1), (64, 1), (64, 5)] {
        let Measured { facing, caused, .. } = measured(targets, 3, Model::Snaps, waiters);
        assert!(facing >= 2 * u64::from(waiters));
        assert_eq!(caused, facing * (u64::from(targets) + 1), "{targets} {waiters}");
    }
}

#[test]
fn with_progress_a_query_pulls_no_target_and_without_it_pulls_them_all() {
    let (few, many) = (measured(4, 3, Model::IcWaitProgress, 1), measured(64, 3, Model::IcWaitProgress, 1));
    assert!(many.caused <= few.caused + 2 * 64, "only before the first news: {} {}", few.caused, many.caused);
    let pulled = measured(64, 3, Model::IcWait, 1);
    assert!(pulled.caused > 2 * 64, "{}", pulled.caused);
    assert!(many.total.messages > pulled.total.messages, "news have their price");
}

#[test]
fn every_target_tells_every_member_so_the_members_are_the_hot_spot() {
    let (one, five) = (measured(64, 1, Model::IcTerm, 0), measured(64, 5, Model::IcTerm, 0));
    for found in [&one, &five] {
        assert_eq!(found.hottest, "p1");
        assert!(found.hot.messages >= 2 * 64, "{found:?}");
    }
    assert!(five.total.messages > one.total.messages + 4 * 64);
}

#[test]
fn members_know_within_a_message_and_clients_when_their_sleep_ends() {
    let message = 1_000_000;
    let told = measured(64, 3, Model::IcTerm, 0);
    assert!(told.p99.unwrap() <= 2 * message && told.early == 0, "{told:?}");
    let asked = measured(64, 3, Model::IcWait, 1);
    assert!(asked.p50.unwrap() > message && asked.p99.unwrap() <= 31_000 * message, "{asked:?}");
}

#[test]
fn the_published_wait_on_snapshots_may_return_early() {
    let mut setting = Setting { spread: Duration::from_secs(30), ..Setting::default() };
    setting.choices.policies.push(("snaps-wait".to_owned(), "one-target".to_owned()));
    let (model, reporting) = (Model::Snaps, Way::Each);
    let cell = Cell { targets: 16, members: 1, jobs: 1, model, reporting, waiters: 1 };
    assert_eq!(cell.run(&setting).unwrap().early, 1);
    assert_eq!(cell.run(&Setting { spread: Duration::from_secs(30), ..Setting::default() }).unwrap().early, 0);
}

#[test]
fn news_told_together_costs_less_at_the_members_and_an_interval_for_each_level() {
    let setting = Setting { spread: Duration::ZERO, fan: 4, ..Setting::default() };
    let told = |reporting| {
        let cell = Cell { targets: 64, members: 3, jobs: 20, model: Model::IcTerm, reporting, waiters: 0 };
        let measured = cell.run(&setting).unwrap();
        assert!(measured.whole && measured.early == 0, "{measured:?}");
        measured
    };
    let [each, coalesced, relayed] = Way::ALL.map(told);
    let (news, batches) = (2 * 64 * 20, 2 * 64);
    assert_eq!(each.hot.messages - coalesced.hot.messages, news - batches, "a message and an answer for each");
    let saved = coalesced.hot.messages - relayed.hot.messages;
    assert!((batches - 20..batches).contains(&saved), "of the batches those of the root are left: {saved}");
    let seconds = |measured: &Measured| measured.p99.unwrap() as f64 / 1e9;
    assert!(seconds(&each) < 0.01);
    assert!((0.9..1.1).contains(&seconds(&coalesced)), "one interval: {}", seconds(&coalesced));
    assert!((1.1..4.1).contains(&seconds(&relayed)), "one for each of four levels at most: {}", seconds(&relayed));
}
