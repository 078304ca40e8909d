//! The kinds of xaction and their columns, one row each.
//!
//! Flags: `S` startable, `M` metasync, `C` refresh_cap, `R` rebalance, `V` resilver, `X` conflict_reb_res,
//! `A` abort_by_reb, `I` idles, `E` extended_stats, `Q` quiet_brief. Information Center: `T` upon-term, `P` upon-progress.
//!
//! Two rows changed while the published system grew; these are its latest values. `index-shard` had no display name of its
//! own and was startable; `blob-download` was reported to the Information Center upon its end, although a start at one
//! target never registers there. `summary-shard` came later than the other 33.
//! Source: `reference/aistore-registry-and-coexistence.md` section A.

use super::{Descriptor, IcMode, Scope};
use Scope::{B, G, GB, T};
use quiesce_machine::Rename;

/// Declares [`Kind`] and its table: doc, variant, kind, display name, scope, flags, Information Center, access.
macro_rules! kinds {
    ($( $doc:literal $Kind:ident $name:literal $display:literal $scope:ident $flags:literal $ic:literal $access:literal )+) => {
        /// What an xaction does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
        pub enum Kind {
            $( #[doc = $doc] $Kind, )+
        }

        impl Kind {
            /// Every kind, in table order.
            pub const ALL: [Kind; TABLE.len()] = [$( Kind::$Kind, )+];
        }

        /// One row per kind, in order of declaration.
        pub(super) const TABLE: &[Descriptor] = &[$(
            Descriptor { kind: Kind::$Kind, ..row($name, $display, $scope, $flags, $ic, $access) },
        )+];
    };
}

kinds! {
    "Elects a primary."                          Election        "election"           "elect-primary"       G  ""      ""   ""
    "Moves objects where they belong."           Rebalance       "rebalance"          "rebalance"           G  "SMR"   "T"  ""
    "Runs an ETL inline with reads."             EtlInline       "etl-inline"         "etl-inline"          G  "A"     "T"  ""
    "Evicts what is used least."                 Lru             "lru"                "lru-eviction"        GB "S"     "T"  ""
    "Removes what is deleted or misplaced."      CleanupStore    "cleanup-store"      "cleanup"             GB "SX"    "T"  ""
    "Sums up buckets."                           SummaryBck      "summary-bck"        "summary"             GB ""      ""   "OBJ-LIST|BCK-HEAD"
    "Sums up shards."                            SummaryShard    "summary-shard"      "shard-summary"       B  ""      ""   "OBJ-LIST|BCK-HEAD"
    "Moves objects between a target's disks."    Resilver        "resilver"           "resilver"            T  "SV"    ""   ""
    "Changes the size of chunks."                Rechunk         "rechunk"            "rechunk"             B  "SCXA"  "T"  ""
    "Indexes shards."                            IndexShard      "index-shard"        "shard-index"         B  "X"     "T"  ""
    "Restores erasure-coded objects."            EcGet           "ec-get"             "ec-get"              B  "IE"    ""   ""
    "Erasure-codes new objects."                 EcPut           "ec-put"             "ec-put"              B  "CIE"   ""   ""
    "Answers other targets' erasure coding."     EcResp          "ec-resp"            "ec-resp"             B  "I"     ""   ""
    "Mirrors new objects."                       PutCopies       "put-copies"         "put-copies"          B  "CI"    ""   ""
    "Archives objects into shards."              Archive         "archive"            "archive"             B  "CI"    ""   "RW"
    "Copies objects to another bucket."          CopyListrange   "copy-listrange"     "copy-objects"        B  "CIXA"  ""   "RW"
    "Transforms objects to another bucket."      EtlListrange    "etl-listrange"      "etl-objects"         B  "CIXA"  ""   "RW"
    "Downloads one large object in parts."       BlobDownload    "blob-download"      "blob-download"       B  "SCA"   ""   "RW"
    "Downloads from the web."                    Download        "download"           "download"            G  "IA"    "TP" "RW"
    "Resorts shards."                            Dsort           "dsort"              "dsort"               B  "CEXA"  ""   "RW"
    "Makes objects of local files."              Promote         "promote"            "promote-files"       B  "C"     "T"  "PROMOTE"
    "Drops cached objects."                      EvictListrange  "evict-listrange"    "evict-objects"       B  "C"     "T"  "OBJ-DELETE"
    "Drops a whole cached bucket."               EvictRemoteBck  "evict-remote-bck"   "evict-remote-bucket" B  "C"     ""   "OBJ-DELETE"
    "Deletes objects."                           DeleteListrange "delete-listrange"   "delete-objects"      B  "C"     "T"  "OBJ-DELETE"
    "Brings objects of a remote bucket in."      PrefetchListrange "prefetch-listrange" "prefetch-objects"  B  "SC"    "T"  "RW"
    "Erasure-codes a bucket."                    EcEncode        "ec-encode"          "ec-bucket"           B  "SMCXA" "T"  "RW"
    "Mirrors a bucket."                          MakeNCopies     "make-n-copies"      "mirror"              B  "SMC"   "T"  "RW"
    "Renames a bucket."                          MoveBck         "move-bck"           "rename-bucket"       B  "MRXA"  "T"  "MOVE-BUCKET"
    "Copies a bucket."                           CopyBck         "copy-bck"           "copy-bucket"         B  "MCXA"  "T"  "RW"
    "Transforms a bucket."                       EtlBck          "etl-bck"            "etl-bucket"          B  "MCXA"  "T"  "RW"
    "Lists objects."                             List            "list"               "list"                B  "IQ"    ""   "OBJ-LIST"
    "Reads many objects at once."                GetBatch        "get-batch"          "get-batch"           GB "XAIQ"  ""   ""
    "Takes inventory of a bucket."               CreateInventory "create-inventory"   "create-inventory"    B  "XA"    "T"  ""
    "Warms up in-memory metadata."               LoadLomCache    "load-lom-cache"     "warm-up-metadata"    B  "S"     ""   ""
}

/// A row but for its kind.
const fn row(
    name: &'static str,
    display: &'static str,
    scope: Scope,
    flags: &'static str,
    ic: &'static str,
    access: &'static str,
) -> Descriptor {
    assert!(only(flags, "SMCRVXAIEQ") && only(ic, "TP"), "a row holds a letter that stands for nothing");
    Descriptor {
        kind: Kind::Election,
        name,
        display,
        scope,
        startable: has(flags, b'S'),
        metasync: has(flags, b'M'),
        refresh_cap: has(flags, b'C'),
        rebalance: has(flags, b'R'),
        resilver: has(flags, b'V'),
        conflict_reb_res: has(flags, b'X'),
        abort_by_reb: has(flags, b'A'),
        idles: has(flags, b'I'),
        extended_stats: has(flags, b'E'),
        quiet_brief: has(flags, b'Q'),
        ic_mode: match (has(ic, b'T'), has(ic, b'P')) {
            (true, true) => &[IcMode::UponTerm, IcMode::UponProgress],
            (true, false) => &[IcMode::UponTerm],
            (false, true) => &[IcMode::UponProgress],
            (false, false) => &[],
        },
        access,
    }
}

const fn has(letters: &str, letter: u8) -> bool {
    let letters = letters.as_bytes();
    let mut at = 0;
    while at < letters.len() {
        if letters[at] == letter {
            return true;
        }
        at += 1;
    }
    false
}

const fn only(letters: &str, legal: &str) -> bool {
    let letters = letters.as_bytes();
    let mut at = 0;
    while at < letters.len() {
        if !has(legal, letters[at]) {
            return false;
        }
        at += 1;
    }
    true
}
