//! The table of renewals, cell by cell: what comes of a start when one of its kind runs.
//!
//! Source: `reference/aistore-registry-and-coexistence.md` section B, renew.

use quiesce_control::xaction::Policies;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{Arg, Ask, Limits, Registry, RenewRefused, Renewal, Rule};
use quiesce_control::xaction::{DaemonId, Kind, XactId};
use quiesce_machine::Incarnation;

/// Per kind: the same again; the same by name or size; another name or size; another bucket; the same destination from
/// another source. `U` uses what runs, `N` runs beside it, `A` aborts it first; refused: `P` as already running, `R` as
/// the only one there can be, `S` until the other is stopped.
const TABLE: &str = "
    election            U U U U U
    rebalance           A A A A A
    etl-inline          N N N N N
    lru                 P P P P P
    cleanup-store       P P P P P
    summary-bck         N N N N N
    summary-shard       N N N N N
    resilver            A A A A A
    rechunk             P P S N N
    index-shard         R R N N N
    ec-get              U U U N N
    ec-put              U U U N N
    ec-resp             U U U N N
    put-copies          U U U N N
    archive             U U U N N
    copy-listrange      U U U N N
    etl-listrange       U U U N N
    blob-download       P P N N N
    download            U U U U U
    dsort               N N N N N
    promote             N N N N N
    evict-listrange     N N N N N
    evict-remote-bck    N N N N N
    delete-listrange    N N N N N
    prefetch-listrange  N N N N N
    ec-encode           R R R N N
    make-n-copies       R R R N N
    move-bck            P P P N P
    copy-bck            P P P N P
    etl-bck             P P P N P
    list                N N N N N
    get-batch           U U U N N
    create-inventory    P P P N N
    load-lom-cache      U U U N N";

const COLUMNS: [&str; 5] =
    ["the same again", "the same name", "another name", "another bucket", "the same destination"];

const TWO_BUCKETS: [Kind; 6] =
    [Kind::Archive, Kind::CopyListrange, Kind::EtlListrange, Kind::MoveBck, Kind::CopyBck, Kind::EtlBck];

fn ask(kind: Kind, number: u32, (from, to): (u16, u16), arg: Arg) -> Ask {
    let bucket = |name| Some(Bucket { name: BucketName(name), generation: 1 });
    let minted = XactId::minted(DaemonId::Client(0), Incarnation(1), number).in_form_of(kind);
    let id = if kind == Kind::Rebalance { XactId::rebalance(number) } else { minted };
    Ask { id, kind, from: bucket(from), to: bucket(to).filter(|_| TWO_BUCKETS.contains(&kind)), arg }
}

fn with_one_running(prev: &Ask, policies: &Policies) -> Registry {
    let mut registry = Registry::default();
    assert_eq!(registry.renew(prev, policies, &Limits::default()), Ok(Renewal::New));
    registry.run(prev.id);
    registry
}

fn letter(found: Result<Renewal, RenewRefused>, prev: XactId) -> char {
    match found {
        Ok(Renewal::Use(id)) if id == prev => 'U',
        Ok(Renewal::New) => 'N',
        Ok(Renewal::AbortFirst(id)) if id == prev => 'A',
        Err(RenewRefused::UsePrev(id)) if id == prev => 'P',
        Err(RenewRefused::Running(id)) if id == prev => 'R',
        Err(RenewRefused::StopFirst(id)) if id == prev => 'S',
        other => panic!("{other:?} is about another xaction than {prev}"),
    }
}

#[test]
fn every_cell_is_that_of_the_reference() {
    let mut rows = 0;
    for line in TABLE.lines().skip(1) {
        let mut words = line.split_whitespace();
        let kind = Kind::from_name(words.next().expect("a kind")).expect("a kind of the table");
        let arg = |arg| if arg == 0 { Arg::None } else { Arg::Named(arg) };
        let columns = [((1, 2), 0, 0), ((1, 2), 1, 1), ((1, 2), 1, 2), ((3, 4), 0, 0), ((3, 2), 0, 0)];
        for ((column, (buckets, prev_arg, new_arg)), expected) in COLUMNS.iter().zip(columns).zip(words) {
            for policies in [Policies::reference(), Policies::hardened()] {
                let prev = ask(kind, 1, (1, 2), arg(prev_arg));
                let mut registry = with_one_running(&prev, &policies);
                let new = ask(kind, 2, buckets, arg(new_arg));
                let found = letter(registry.renew(&new, &policies, &Limits::default()), prev.id);
                assert_eq!(found.to_string(), expected, "{kind}, {column}");
                assert_eq!(registry.entry(new.id).is_some(), found == 'N', "{kind}, {column}");
            }
        }
        rows += 1;
    }
    assert_eq!(rows, Kind::ALL.len());
}

#[test]
fn the_same_id_is_used_whatever_the_kind() {
    for kind in Kind::ALL {
        let prev = ask(kind, 1, (1, 2), Arg::None);
        let mut registry = with_one_running(&prev, &Policies::hardened());
        let again = ask(kind, 1, (3, 4), Arg::Named(9));
        let found = registry.renew(&again, &Policies::hardened(), &Limits::default());
        assert_eq!(found, Ok(Renewal::Use(prev.id)), "{kind}");
    }
}

#[test]
fn every_kind_runs_beside_every_other_as_far_as_its_own_rule_goes() {
    for running in Kind::ALL {
        for new in Kind::ALL.into_iter().filter(|&new| new != running) {
            let prev = ask(running, 1, (1, 2), Arg::None);
            let mut registry = with_one_running(&prev, &Policies::hardened());
            let found = registry.renew(&ask(new, 2, (1, 2), Arg::None), &Policies::hardened(), &Limits::default());
            assert_eq!(found, Ok(Renewal::New), "{new} beside {running}");
        }
    }
}

#[test]
fn an_encoding_that_is_committed_uses_what_it_began() {
    let prev = ask(Kind::EcEncode, 1, (1, 2), Arg::None);
    let mut registry = with_one_running(&prev, &Policies::hardened());
    let commit = ask(Kind::EcEncode, 2, (1, 2), Arg::Commit);
    assert_eq!(registry.renew(&commit, &Policies::hardened(), &Limits::default()), Ok(Renewal::Use(prev.id)));
}

#[test]
fn a_senders_part_of_a_batch_is_known_by_its_id_alone() {
    let prev = ask(Kind::GetBatch, 1, (1, 2), Arg::None);
    let mut registry = with_one_running(&prev, &Policies::hardened());
    let sender = ask(Kind::GetBatch, 2, (1, 2), Arg::Sender);
    assert_eq!(registry.renew(&sender, &Policies::hardened(), &Limits::default()), Ok(Renewal::New));
}

#[test]
fn a_rebalance_never_goes_back_to_a_version_it_has_had() {
    let five = ask(Kind::Rebalance, 5, (1, 2), Arg::None);
    let mut registry = with_one_running(&five, &Policies::hardened());
    registry.finish(five.id);
    for stale in [4, 5] {
        let found =
            registry.renew(&ask(Kind::Rebalance, stale, (1, 2), Arg::None), &Policies::hardened(), &Limits::default());
        assert_eq!(found, Err(RenewRefused::Stale(stale)));
    }
}

/// Two downloads of different objects run; a third start is for the object of the second.
#[test]
fn only_the_published_registry_overlooks_what_the_second_match_forbids() {
    let found = |policies: &Policies| {
        let mut registry = with_one_running(&ask(Kind::BlobDownload, 1, (1, 2), Arg::Named(1)), policies);
        let second = ask(Kind::BlobDownload, 2, (1, 2), Arg::Named(2));
        assert_eq!(registry.renew(&second, policies, &Limits::default()), Ok(Renewal::New));
        let third = ask(Kind::BlobDownload, 3, (1, 2), Arg::Named(2));
        (registry.renew(&third, policies, &Limits::default()), second.id)
    };
    assert_eq!(found(&Policies::reference()).0, Ok(Renewal::New));
    let (refused, second) = found(&Policies::hardened());
    assert_eq!(refused, Err(RenewRefused::UsePrev(second)));
}

/// A second resilver aborts the first; asked again before the first has ended.
#[test]
fn only_the_published_registry_starts_beside_what_has_not_ended() {
    let found = |policies: &Policies| {
        let prev = ask(Kind::Resilver, 1, (1, 2), Arg::None);
        let mut registry = with_one_running(&prev, policies);
        let next = ask(Kind::Resilver, 2, (1, 2), Arg::None);
        assert_eq!(registry.renew(&next, policies, &Limits::default()), Ok(Renewal::AbortFirst(prev.id)));
        let again = registry.renew(&next, policies, &Limits::default());
        registry.finish(prev.id);
        (again, registry.renewal(&next, policies), prev.id)
    };
    assert_eq!(found(&Policies::reference()).0, Ok(Renewal::New));
    let (again, after, prev) = found(&Policies::hardened());
    assert_eq!((again, after), (Ok(Renewal::AbortFirst(prev)), Ok(Renewal::New)));
}

#[test]
fn every_kind_has_a_rule_and_every_rule_a_kind() {
    let rules: Vec<Rule> = Kind::ALL.into_iter().map(Rule::of).collect();
    for rule in [
        Rule::Use,
        Rule::SameBucketElseBoth,
        Rule::UsePrev,
        Rule::SameObjectElseBoth,
        Rule::SameSizesElseStop,
        Rule::DisjointElseRefuse,
        Rule::CommitElseRefuse,
        Rule::Refuse,
        Rule::Both,
        Rule::AbortPrev,
        Rule::NewerAborts,
    ] {
        assert!(rules.contains(&rule), "{rule:?}");
    }
}
