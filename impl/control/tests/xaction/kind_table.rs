//! The table of kinds against a copy typed by column instead of by row.

use quiesce_control::xaction::{Descriptor, IcMode, Kind, Scope};

const NAMES: &str = "
    election=elect-primary rebalance=rebalance etl-inline=etl-inline lru=lru-eviction cleanup-store=cleanup
    summary-bck=summary summary-shard=shard-summary resilver=resilver rechunk=rechunk index-shard=shard-index
    ec-get=ec-get ec-put=ec-put ec-resp=ec-resp put-copies=put-copies archive=archive copy-listrange=copy-objects
    etl-listrange=etl-objects blob-download=blob-download download=download dsort=dsort promote=promote-files
    evict-listrange=evict-objects evict-remote-bck=evict-remote-bucket delete-listrange=delete-objects
    prefetch-listrange=prefetch-objects ec-encode=ec-bucket make-n-copies=mirror move-bck=rename-bucket
    copy-bck=copy-bucket etl-bck=etl-bucket list=list get-batch=get-batch create-inventory=create-inventory
    load-lom-cache=warm-up-metadata";

fn names_where(holds: impl Fn(&Descriptor) -> bool) -> Vec<&'static str> {
    let mut names: Vec<_> =
        Kind::ALL.into_iter().map(Kind::descriptor).filter(|row| holds(row)).map(|row| row.name).collect();
    names.sort_unstable();
    names
}

/// The column holds exactly these kinds.
fn assert_column(column: &str, holds: impl Fn(&Descriptor) -> bool, kinds: &str) {
    let mut kinds: Vec<&str> = kinds.split_whitespace().collect();
    kinds.sort_unstable();
    assert_eq!(names_where(holds), kinds, "{column}");
}

#[test]
fn every_kind_has_its_name_and_its_display_name() {
    let named: Vec<String> = Kind::ALL.iter().map(|kind| format!("{}={}", kind.name(), kind.display_name())).collect();
    assert_eq!(named, NAMES.split_whitespace().collect::<Vec<_>>());
    assert_eq!(named.len(), 34);
}

#[test]
fn thirty_three_kinds_are_of_the_seed() {
    let later: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !kind.is_seed()).collect();
    assert_eq!(later, [Kind::SummaryShard]);
}

#[test]
fn scopes_are_those_of_the_reference() {
    assert_column("G", |row| row.scope == Scope::G, "election rebalance etl-inline download");
    assert_column("GB", |row| row.scope == Scope::GB, "lru cleanup-store summary-bck get-batch");
    assert_column("T", |row| row.scope == Scope::T, "resilver");
    assert_eq!(names_where(|row| row.scope == Scope::B).len(), 34 - 4 - 4 - 1);
}

#[test]
fn flags_are_those_of_the_reference() {
    assert_column(
        "startable",
        |row| row.startable,
        "rebalance lru cleanup-store resilver rechunk blob-download prefetch-listrange ec-encode make-n-copies
         load-lom-cache",
    );
    assert_column("metasync", |row| row.metasync, "rebalance ec-encode make-n-copies move-bck copy-bck etl-bck");
    assert_column(
        "refresh_cap",
        |row| row.refresh_cap,
        "rechunk ec-put put-copies archive copy-listrange etl-listrange blob-download dsort promote evict-listrange
         evict-remote-bck delete-listrange prefetch-listrange ec-encode make-n-copies copy-bck etl-bck",
    );
    assert_column("rebalance", |row| row.rebalance, "rebalance move-bck");
    assert_column("resilver", |row| row.resilver, "resilver");
    assert_column(
        "conflict_reb_res",
        |row| row.conflict_reb_res,
        "cleanup-store rechunk index-shard copy-listrange etl-listrange dsort ec-encode move-bck copy-bck etl-bck
         get-batch create-inventory",
    );
    assert_column(
        "abort_by_reb",
        |row| row.abort_by_reb,
        "etl-inline rechunk copy-listrange etl-listrange blob-download download dsort ec-encode move-bck copy-bck
         etl-bck get-batch create-inventory",
    );
    assert_column(
        "idles",
        |row| row.idles,
        "ec-get ec-put ec-resp put-copies archive copy-listrange etl-listrange download list get-batch",
    );
    assert_column("extended_stats", |row| row.extended_stats, "ec-get ec-put dsort");
    assert_column("quiet_brief", |row| row.quiet_brief, "list get-batch");
}

#[test]
fn totals_are_those_of_the_reference() {
    let count = |holds: &dyn Fn(&Descriptor) -> bool| names_where(holds).len();
    assert_eq!(count(&|row| row.conflict_reb_res), 12);
    assert_eq!(count(&|row| row.abort_by_reb), 13);
    assert_eq!(count(&|row| row.conflict_reb_res && row.abort_by_reb), 10);
    assert_eq!(count(&|row| row.idles), 10);
    assert_eq!(count(&|row| !row.ic_mode.is_empty()), 17);
}

#[test]
fn the_information_center_tracks_the_kinds_of_the_reference() {
    assert_column(
        "upon-term",
        |row| row.ic_mode.contains(&IcMode::UponTerm),
        "rebalance etl-inline lru cleanup-store rechunk index-shard download promote evict-listrange delete-listrange
         prefetch-listrange ec-encode make-n-copies move-bck copy-bck etl-bck create-inventory",
    );
    assert_column("upon-progress", |row| row.ic_mode.contains(&IcMode::UponProgress), "download");
}

#[test]
fn permissions_are_those_of_the_reference() {
    assert_column("OBJ-LIST|BCK-HEAD", |row| row.access == "OBJ-LIST|BCK-HEAD", "summary-bck summary-shard");
    assert_column("PROMOTE", |row| row.access == "PROMOTE", "promote");
    assert_column("OBJ-DELETE", |row| row.access == "OBJ-DELETE", "evict-listrange evict-remote-bck delete-listrange");
    assert_column("MOVE-BUCKET", |row| row.access == "MOVE-BUCKET", "move-bck");
    assert_column("OBJ-LIST", |row| row.access == "OBJ-LIST", "list");
    assert_column(
        "RW",
        |row| row.access == "RW",
        "archive copy-listrange etl-listrange blob-download download dsort prefetch-listrange ec-encode make-n-copies
         copy-bck etl-bck",
    );
    assert_eq!(names_where(|row| row.access.is_empty()).len(), 34 - 2 - 1 - 3 - 1 - 1 - 11);
}

#[test]
fn a_kind_is_found_by_either_name_and_the_empty_name_is_none() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Ok(kind));
        assert_eq!(Kind::from_name(kind.display_name()), Ok(kind));
    }
    assert_eq!(Kind::from_name("").unwrap_err().to_string(), "unknown kind ``");
}

#[test]
fn a_name_that_is_near_is_suggested() {
    let suggested = |name: &str| Kind::from_name(name).unwrap_err().to_string();
    assert_eq!(suggested("rebalence"), "unknown kind `rebalence`, did you mean `rebalance`?");
    assert_eq!(suggested("lru-evict"), "unknown kind `lru-evict`, did you mean `lru-eviction`?");
    assert_eq!(suggested("explode"), "unknown kind `explode`");
}

#[test]
fn a_row_serialises_to_the_published_columns() {
    let row = serde_json::to_value(Kind::Download.descriptor()).unwrap();
    let expected = serde_json::json!({
        "kind": "download", "display": "download", "scope": "G", "startable": false, "metasync": false,
        "refresh_cap": false, "rebalance": false, "resilver": false, "conflict_reb_res": false, "abort_by_reb": true,
        "idles": true, "extended_stats": false, "quiet_brief": false,
        "ic_mode": ["upon-term", "upon-progress"], "access": "RW",
    });
    assert_eq!(row, expected);
}
