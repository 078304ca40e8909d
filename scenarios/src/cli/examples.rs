//! What stands under the help of each command: lines to copy. Each block runs by itself in an empty folder, and a test runs
//! them all (`scenarios/tests/examples.rs`).

pub(super) const TOP: &str = "\
Examples:
  quiesce                                                      run the bundled suite
  quiesce run abort-is-lost --profile reference --seed 1       see the published system fail
  quiesce check ic --profile reference                         see it fail in every run there is

Exit codes: 0 every verdict is pass, 1 a property failed, 2 bad usage or bad scenario,
            3 incomplete or vacuous, 4 two runs of one seed differ";

pub(super) const RUN: &str = "\
Examples:
  quiesce run abort-is-lost slow-target
  quiesce run abort-is-lost --policy abort-delivery=primary-once --report report
  quiesce run swarm --seeds 0..100 --budget 5m --resume swarm.json";

pub(super) const NEW: &str = "\
Examples:
  quiesce new my-first --plane xaction
  quiesce run my-first.toml";

pub(super) const MERGE: &str = "\
Examples:
  quiesce run slow-target --shard 1/2 --resume 1.json
  quiesce run slow-target --shard 2/2 --resume 2.json
  quiesce merge 1.json 2.json --junit results.xml";

pub(super) const LIST: &str = "\
Examples:
  quiesce list
  quiesce list properties --json -";

pub(super) const KINDS: &str = "\
Examples:
  quiesce kinds
  quiesce kinds rebalance resilver";

pub(super) const FANOUT: &str = "\
Examples:
  quiesce fanout --targets 4,16 --concurrent 1 --chart fanout.svg";

pub(super) const CHECK: &str = "\
Examples:
  quiesce check ic
  quiesce check ic --profile reference
  quiesce check operation --losses 1 --timeout 5m";

pub(super) const AUDIT: &str = "\
Examples:
  quiesce audit operation --policy webhook-key";

pub(super) const EXPLORE: &str = "\
Examples:
  quiesce explore operation --address 127.0.0.1:3000";

pub(super) const REPLAY: &str = "\
Examples:
  quiesce run abort-is-lost --profile reference --seed 1
  quiesce replay quiesce-failures/*.json
  quiesce replay quiesce-failures/*.json --until 20 --dump p2
  quiesce replay quiesce-failures/*.json --policy abort-delivery=until-ended";

pub(super) const WHY: &str = "\
Examples:
  quiesce run abort-is-lost --profile reference --seed 1
  quiesce why quiesce-failures/*.json";

pub(super) const SHRINK: &str = "\
Examples:
  quiesce run abort-is-lost --profile reference --seed 1
  quiesce shrink quiesce-failures/*.json";

pub(super) const KEEP: &str = "\
Examples:
  quiesce run abort-is-lost --profile reference --seed 1
  quiesce keep quiesce-failures/*.json --suite suites --name an-abort-is-lost";

pub(super) const DOCTOR: &str = "\
Examples:
  quiesce doctor
  quiesce doctor --capsules /tmp/failures";

pub(super) const COMPLETIONS: &str = "\
Examples:
  quiesce completions bash > quiesce.bash";

pub(super) const MAN: &str = "\
Examples:
  quiesce man > quiesce.1
  quiesce man man1";
