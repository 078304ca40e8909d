//! Questions put to a registry, and what it forgets when.

use std::time::Duration;

use quiesce_control::xaction::Policies;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{AbortFilter, Arg, Ask, Cause, Limits, Phase, Query, Registry, Renewal, Tick};
use quiesce_control::xaction::{DaemonId, Kind, Scope, XactId};
use quiesce_machine::Incarnation;

const HARDENED: Policies = Policies::hardened();

fn id(number: u32) -> XactId {
    XactId::minted(DaemonId::Client(0), Incarnation(1), number)
}

fn bucket(name: u16) -> Bucket {
    Bucket { name: BucketName(name), generation: 1 }
}

fn add(registry: &mut Registry, id: XactId, kind: Kind, name: u16) {
    let ask = Ask { id, kind, from: Some(bucket(name)), to: None, arg: Arg::None };
    assert_eq!(registry.renew(&ask, &HARDENED, &Limits { history: 3 }), Ok(Renewal::New), "{kind}");
    registry.run(id);
}

/// Prefetches 0 and 1 on bucket 1 and 2, an eviction 2 on bucket 1, of which 0 has finished.
fn three() -> Registry {
    let mut registry = Registry::default();
    for (number, kind, name) in
        [(0, Kind::PrefetchListrange, 1), (1, Kind::PrefetchListrange, 2), (2, Kind::EvictListrange, 1)]
    {
        add(&mut registry, id(number), kind, name);
    }
    registry.finish(id(0));
    registry
}

fn numbers(registry: &Registry, query: &Query) -> Vec<u32> {
    registry.query(query).map_or(Vec::new(), |found| found.iter().map(|entry| entry.id.number).collect())
}

#[test]
fn an_id_is_found_unless_it_is_of_another_kind_or_has_ended_and_only_running_ones_are_asked_for() {
    let registry = three();
    assert_eq!(numbers(&registry, &Query::id(id(0))), [0]);
    assert!(registry.query(&Query { show_active: Some(true), ..Query::id(id(0)) }).is_err());
    assert!(registry.query(&Query { kind: Some(Kind::Lru), ..Query::id(id(0)) }).is_err());
    assert!(registry.query(&Query::id(id(9))).is_err());
}

#[test]
fn ids_are_tried_in_turn_until_one_is_there() {
    let query = Query { ids: vec![id(9), id(2), id(1)], ..Query::default() };
    assert_eq!(numbers(&three(), &query), [2]);
}

#[test]
fn a_kind_or_a_bucket_finds_all_of_it_and_nothing_is_no_error() {
    let registry = three();
    assert_eq!(numbers(&registry, &Query { kind: Some(Kind::PrefetchListrange), ..Query::default() }), [0, 1]);
    assert_eq!(numbers(&registry, &Query { bucket: Some(bucket(1)), ..Query::default() }), [0, 2]);
    assert_eq!(numbers(&registry, &Query::default()), [0, 1, 2]);
    assert_eq!(registry.query(&Query { kind: Some(Kind::Lru), ..Query::default() }), Ok(Vec::new()));
}

#[test]
fn whether_ended_ones_are_shown_has_three_values() {
    let shown = |show_active| numbers(&three(), &Query { show_active, ..Query::default() });
    assert_eq!(shown(None), [0, 1, 2]);
    assert_eq!(shown(Some(true)), [1, 2]);
    assert_eq!(shown(Some(false)), [0]);
}

#[test]
fn running_ones_of_a_bucket_are_shown_once_per_kind() {
    let mut registry = three();
    add(&mut registry, id(3), Kind::EvictListrange, 1);
    let query = Query { bucket: Some(bucket(1)), show_active: Some(true), ..Query::default() };
    assert_eq!(numbers(&registry, &query), [2]);
    assert_eq!(numbers(&registry, &Query { kind: Some(Kind::EvictListrange), ..query }), [2, 3]);
}

#[test]
fn everything_that_runs_is_listed_by_kind_and_id() {
    assert_eq!(three().running_all(), ["prefetch-listrange[x-c1.1.1]", "evict-listrange[x-c1.1.2]"]);
}

#[test]
fn the_most_recent_of_each_kind_and_bucket_stands_for_the_others() {
    let mut registry = three();
    add(&mut registry, id(3), Kind::PrefetchListrange, 1);
    let recent: Vec<u32> = registry.most_recent(&Query::default()).iter().map(|entry| entry.id.number).collect();
    assert_eq!(recent, [1, 2, 3]);
}

#[test]
fn an_unknown_rebalance_is_answered_by_later_ones_that_finished_well() {
    let mut registry = Registry::default();
    for version in [5, 6, 7] {
        add(&mut registry, XactId::rebalance(version), Kind::Rebalance, 1);
        if version == 6 {
            registry.abort(AbortFilter::Kind(Kind::Rebalance), Cause::User, &HARDENED);
        }
        registry.finish(XactId::rebalance(version));
    }
    assert_eq!(numbers(&registry, &Query::id(XactId::rebalance(4))), [5, 7]);
    assert_eq!(numbers(&registry, &Query::id(XactId::rebalance(6))), [6], "a known one answers for itself");
    assert!(registry.query(&Query::id(XactId::rebalance(8))).is_err());
}

#[test]
fn each_filter_aborts_what_it_names_and_nothing_else() {
    let aborted = |filter| {
        let mut registry = three();
        add(&mut registry, id(3), Kind::Resilver, 1);
        let hit = registry.abort(filter, Cause::User, &HARDENED);
        assert!(hit.iter().all(|&id| registry.entry(id).is_some_and(|entry| entry.phase == Phase::Stopping)));
        hit.iter().map(|id| id.number).collect::<Vec<_>>()
    };
    assert_eq!(aborted(AbortFilter::Id(id(1))), [1]);
    assert_eq!(aborted(AbortFilter::Id(id(0))), [0; 0], "what has ended is left alone");
    assert_eq!(aborted(AbortFilter::Kind(Kind::PrefetchListrange)), [1]);
    assert_eq!(aborted(AbortFilter::Bucket(bucket(1))), [2, 3]);
    assert_eq!(aborted(AbortFilter::KindAndBucket(Kind::EvictListrange, bucket(1))), [2]);
    assert_eq!(aborted(AbortFilter::KindAndBucket(Kind::EvictListrange, bucket(2))), [0; 0]);
    assert_eq!(aborted(AbortFilter::Scope(Scope::T)), [3]);
    assert_eq!(aborted(AbortFilter::All), [1, 2, 3]);
}

/// Brief ones beyond a full history live outside it.
#[test]
fn only_the_published_registry_overlooks_what_history_did_not_take() {
    let hit = |policies: &Policies| {
        let mut registry = three();
        add(&mut registry, id(3), Kind::GetBatch, 1);
        registry.abort(AbortFilter::All, Cause::User, policies).iter().map(|id| id.number).collect::<Vec<_>>()
    };
    assert_eq!(hit(&Policies::reference()), [1, 2]);
    assert_eq!(hit(&HARDENED), [1, 2, 3]);
}

#[test]
fn kinds_that_idle_end_at_once_when_aborted() {
    let mut registry = Registry::default();
    add(&mut registry, id(0), Kind::PutCopies, 1);
    add(&mut registry, id(1), Kind::EtlInline, 1);
    registry.abort(AbortFilter::All, Cause::User, &HARDENED);
    assert!(registry.entries().all(|entry| entry.is_finished() && entry.aborted == Some(Cause::User)));
}

#[test]
fn history_forgets_ripe_brief_ones_and_ripe_others_beyond_its_limit_oldest_first() {
    let (mut registry, limits) = (Registry::default(), Limits { history: 3 });
    for number in 0..5 {
        add(&mut registry, id(number), Kind::PrefetchListrange, 1);
        registry.finish(id(number));
    }
    add(&mut registry, id(9), Kind::List, 1);
    registry.finish(id(9));
    registry.prune_active();
    registry.prune_history(&limits);
    assert_eq!(numbers(&registry, &Query::default()), [0, 1, 2, 3, 4], "nothing is ripe");
    for number in [1, 2, 3, 4] {
        registry.ripen(id(number));
    }
    assert_eq!(registry.prune_history(&limits), Duration::from_secs(24 * 60));
    assert_eq!(numbers(&registry, &Query::default()), [0, 3, 4]);
}

#[test]
fn history_is_looked_at_more_often_the_more_it_cannot_forget() {
    let cadence = |count| {
        let mut registry = Registry::default();
        for number in 0..count {
            add(&mut registry, id(number), Kind::PrefetchListrange, 1);
        }
        registry.prune_history(&Limits { history: 3 }).as_secs() / 60
    };
    assert_eq!([3, 4, 6, 7].map(cadence), [24, 12, 12, 6]);
}

#[test]
fn the_list_of_active_ones_is_pruned_only_when_something_has_finished() {
    let mut registry = Registry::default();
    for number in 0..3 {
        add(&mut registry, id(number), Kind::PrefetchListrange, 1);
    }
    add(&mut registry, id(3), Kind::List, 1);
    assert_eq!(numbers(&registry, &Query::id(id(3))), [3], "only the active list has it");
    registry.prune_active();
    assert!(registry.entry(id(3)).is_some());
    registry.finish(id(3));
    registry.prune_active();
    assert!(registry.entry(id(3)).is_none(), "history never had it");
}

#[test]
fn an_xaction_without_work_rests_then_expires_within_two_ticks() {
    let mut registry = Registry::default();
    add(&mut registry, id(0), Kind::PutCopies, 1);
    registry.work_begins(id(0), &HARDENED);
    assert_eq!(registry.tick(id(0)), Tick::Again, "it has work");
    registry.work_ends(id(0));
    registry.rest(id(0));
    assert!(registry.entry(id(0)).is_some_and(|entry| entry.is_idle() && entry.is_running()));
    assert_eq!(registry.tick(id(0)), Tick::Again, "it had work since the last tick");
    assert!(!registry.expire(id(0)), "no tick has closed its timer");
    assert_eq!(registry.tick(id(0)), Tick::Expiring);
    assert!(registry.entry(id(0)).is_some_and(|entry| entry.is_running()));
    assert!(registry.expire(id(0)));
    assert_eq!(registry.tick(id(0)), Tick::Over);
}

#[test]
fn work_that_comes_while_it_expires_is_lost_only_as_published() {
    let ends = |policies: &Policies| {
        let mut registry = Registry::default();
        add(&mut registry, id(0), Kind::PutCopies, 1);
        while registry.tick(id(0)) != Tick::Expiring {}
        assert!(registry.work_begins(id(0), policies), "it counts as running");
        registry.expire(id(0))
    };
    assert!(ends(&Policies::reference()));
    assert!(!ends(&HARDENED));
}
