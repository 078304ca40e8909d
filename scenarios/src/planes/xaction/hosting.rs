//! How scenarios speak of targets with registries: how patient those are, on what a job works, and who asks for it.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::ask::Condition;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{Arg, Limits, Origin};
use quiesce_control::xaction::{
    Awaited, BucketChange, Config, DaemonId, Errand, Hosting, Kind, Manner, Periodic, Piece, Request, Watermarks,
};

use super::{Xaction, daemon, duration_or_off};
use crate::plane::{Asked, Verb};
use crate::text::{Fields, Mistake, Read, Value};

/// What users ask of every target, and what workloads do.
pub(super) const VERBS: [Verb; 8] = [
    Verb { word: "stop", keys: &["as", "via", "client"] },
    Verb { word: "show", keys: &["as", "via", "client", "all"] },
    Verb { word: "wait_snaps", keys: &["as", "via", "client", "until"] },
    Verb { word: "preflight", keys: &["as", "via", "client"] },
    Verb { word: "create_bucket", keys: &["as", "via", "client"] },
    Verb { word: "destroy_bucket", keys: &["as", "via", "client"] },
    Verb { word: "load", keys: &["as", "users", "used", "mountpaths"] },
    Verb { word: "put", keys: &["as", "client", "to", "bucket", "work"] },
];

const KEYS: [&str; 13] = [
    "looks",
    "look_again",
    "register_after",
    "make_room",
    "transaction",
    "idle",
    "rest",
    "run_loop",
    "prune",
    "history",
    "buckets",
    "load",
    "periodic",
];

/// How many buckets scenarios can name.
const BUCKETS_MOST: u64 = 1000;

/// `registry = { looks = 3, look_again = "1s", idle = "off" }`; left out, starts ask nobody.
pub(super) fn hosting(value: &Value<'_>) -> Read<Hosting> {
    let fields = value.table("`registry`", &KEYS)?;
    let base = Hosting::default();
    let span = |key: &str, or| fields.get(key).map_or(Ok(or), |value| value.duration());
    let switch = |key: &str, or| fields.get(key).map_or(Ok(or), |value| duration_or_off(&value));
    let count = |key: &str, or: u64, most| fields.get(key).map_or(Ok(or), |value| value.count(1..=most));
    let history = u64::try_from(base.limits.history).expect("64 bits hold a size");
    Ok(Hosting {
        looks: u8::try_from(count("looks", base.looks.into(), 100)?).expect("within the range"),
        look_again: span("look_again", base.look_again)?,
        register_after: span("register_after", base.register_after)?,
        make_room: span("make_room", base.make_room)?,
        transaction: span("transaction", base.transaction)?,
        idle: switch("idle", base.idle)?,
        rest: span("rest", base.rest)?,
        run_loop: span("run_loop", base.run_loop)?,
        prune: switch("prune", base.prune)?,
        buckets: fields.get("buckets").map_or(Ok(base.buckets), |value| value.flag())?,
        load: fields.get("load").map(|value| watermarks(&value)).transpose()?,
        periodic: fields.get("periodic").map(|value| periodic(&value)).transpose()?,
        limits: Limits { history: usize::try_from(count("history", history, 100_000)?).expect("a small number") },
    })
}

/// `periodic = { kind = "lru-eviction", every = "20s" }`.
fn periodic(value: &Value<'_>) -> Read<Periodic> {
    let fields = value.table("`periodic`", &["kind", "every"])?;
    let kind = super::kind(&fields.need("kind", "a kind of job")?)?;
    Ok(Periodic { kind, every: fields.need("every", "a period")?.duration()? })
}

/// `load = { low = 40, high = 90, evict_to = 75, evict_from = 90, out_of_space = 95, channel = 4, look = "10s" }`.
fn watermarks(value: &Value<'_>) -> Read<Watermarks> {
    let keys = ["low", "high", "evict_to", "evict_from", "out_of_space", "channel", "look"];
    let fields = value.table("`load`", &keys)?;
    let base = Watermarks::default();
    let of = |key: &str, or: u8| fields.get(key).map_or(Ok(or), |value| percent(&value));
    let marks = Watermarks {
        low: of("low", base.low)?,
        high: of("high", base.high)?,
        evict_to: of("evict_to", base.evict_to)?,
        evict_from: of("evict_from", base.evict_from)?,
        out_of_space: of("out_of_space", base.out_of_space)?,
        channel: of("channel", base.channel)?,
        look: fields.get("look").map_or(Ok(base.look), |value| value.duration())?,
    };
    if marks.low >= marks.high || marks.evict_to >= marks.evict_from {
        let message = "a lower watermark is not below its upper one".to_owned();
        let expected = "`low` below `high`, and `evict_to` below `evict_from`".to_owned();
        return Err(value.misread(Mistake::Contrary { message, expected }));
    }
    Ok(marks)
}

fn percent(value: &Value<'_>) -> Read<u8> {
    Ok(u8::try_from(value.count(0..=100)?).expect("within the range"))
}

/// `load = "t1", users = 95, used = 80, mountpaths = 4`: what users and operators make of a target's disks.
pub(super) fn load(asked: &Asked<'_, Xaction>) -> Read<(DaemonId, Request)> {
    let entry = asked.entry;
    let value = entry.need("load", "a target")?;
    let target = daemon(&value, "target", asked.config.cluster.targets())?;
    if asked.config.hosting.is_none_or(|hosting| hosting.load.is_none()) {
        let message = "disks of this scenario are never busy nor full".to_owned();
        let expected = "`registry = { load = {} }` in the scenario".to_owned();
        return Err(value.misread(Mistake::Contrary { message, expected }));
    }
    let of = |key: &str, or: u8| entry.get(key).map_or(Ok(or), |value| percent(&value));
    Ok((target, Request::Load { users: of("users", 0)?, used: of("used", 50)?, mountpaths: of("mountpaths", 4)? }))
}

/// `bucket = "b1", to = "b2", named = 3, mode = "cleanup", origin = "automatic"`; for targets with registries alone.
pub(super) fn manner(entry: &Fields<'_>, config: &Config) -> Read<Option<Arc<Manner>>> {
    let own = ["bucket", "to", "named", "mode", "origin"].into_iter().find_map(|key| entry.get(key));
    match (own, config.hosting) {
        (Some(value), None) => {
            let message = "targets of this scenario have no registry to look at that".to_owned();
            Err(value
                .misread_key(Mistake::Contrary { message, expected: "`registry = {}` in the scenario".to_owned() }))
        }
        (None, None) => Ok(None),
        (_, Some(_)) => Ok(Some(Arc::new(Manner {
            from: entry.get("bucket").map(|value| bucket(&value)).transpose()?,
            to: entry.get("to").map(|value| bucket(&value)).transpose()?,
            arg: arg(entry)?,
            origin: entry.get("origin").map_or(Ok(Origin::User), |value| origin(&value))?,
        }))),
    }
}

/// A bucket as scenarios name it: `b1`, `b2`.
pub(super) fn bucket(value: &Value<'_>) -> Read<Bucket> {
    let text = value.text()?;
    let number = text.strip_prefix('b').and_then(|number| number.parse::<u16>().ok());
    match number.filter(|&number| (1..=BUCKETS_MOST).contains(&u64::from(number))) {
        Some(number) => Ok(Bucket { name: BucketName(number - 1), generation: 1 }),
        None => {
            let message = format!("`{text}` is no bucket");
            Err(value.misread(Mistake::Contrary { message, expected: format!("b1 to b{BUCKETS_MOST}") }))
        }
    }
}

/// `create_bucket = "b1"`, `destroy_bucket = "b1"`; `None` for another verb.
pub(super) fn bucket_change(asked: &Asked<'_, Xaction>) -> Read<Option<BucketChange>> {
    let make: fn(BucketName) -> BucketChange = match asked.verb {
        "create_bucket" => BucketChange::Create,
        "destroy_bucket" => BucketChange::Destroy,
        _ => return Ok(None),
    };
    let value = asked.entry.need(asked.verb, "a bucket")?;
    let kept = asked.config.deployment.upkeep.is_some() && asked.config.hosting.is_some_and(|hosting| hosting.buckets);
    if !kept {
        let message = "buckets of this scenario are always there".to_owned();
        let expected = "`membership = {}` and `registry = { buckets = true }` in the scenario".to_owned();
        return Err(value.misread(Mistake::Contrary { message, expected }));
    }
    Ok(Some(make(bucket(&value)?.name)))
}

/// What is asked of every target about those jobs; `None` for another verb.
pub(super) fn errand(asked: &Asked<'_, Xaction>, what: Awaited) -> Read<Option<Errand>> {
    const CONDITIONS: [(&str, Condition); 4] = [
        ("ended", Condition::Finished),
        ("not-running", Condition::NotRunning),
        ("started", Condition::Started),
        ("idle", Condition::Idle),
    ];
    Ok(match asked.verb {
        "stop" => Some(Errand::Stop { what }),
        "show" => {
            let all = asked.entry.get("all").map_or(Ok(false), |value| value.flag())?;
            Some(Errand::Show { what: Some(what), all })
        }
        "wait_snaps" => {
            let until = asked.entry.need("until", "a condition")?;
            let word = until.word("condition", CONDITIONS.iter().map(|(word, _)| *word))?;
            let found = CONDITIONS.iter().find(|(known, _)| *known == word);
            Some(Errand::Wait { what, condition: found.expect("a legal word is in the list").1 })
        }
        _ => None,
    })
}

/// `put = "get-batch", to = "t1", bucket = "b1", work = "2s"`: work of a workload, handed to a target.
pub(super) fn put(asked: &Asked<'_, Xaction>) -> Read<Request> {
    let entry = asked.entry;
    let value = entry.need("put", "a kind of job that idles")?;
    let legal = Kind::ALL.iter().filter(|kind| kind.descriptor().idles);
    let word = value.word("kind that idles", legal.flat_map(|kind| [kind.display_name(), kind.name()]))?;
    let kind = Kind::from_name(word).expect("a legal word names a kind");
    let to = daemon(&entry.need("to", "the target that is to do it")?, "target", asked.config.cluster.targets())?;
    if asked.config.hosting.is_none() {
        let message = "targets of this scenario have no registry to take work".to_owned();
        return Err(
            value.misread(Mistake::Contrary { message, expected: "`registry = {}` in the scenario".to_owned() })
        );
    }
    let bucket = entry.get("bucket").map(|value| bucket(&value)).transpose()?;
    let takes = entry.get("work").map_or(Ok(Duration::from_secs(1)), |value| value.duration())?;
    Ok(Request::Put { to, piece: Arc::new(Piece { kind, bucket, takes }) })
}

/// What tells two of a kind apart: a number that stands for an object or a size, or what a rebalance is to do.
fn arg(entry: &Fields<'_>) -> Read<Arg> {
    let (named, mode) = (entry.get("named"), entry.get("mode"));
    match (named, mode) {
        (None, None) => Ok(Arg::None),
        (Some(value), None) => Ok(Arg::Named(u16::try_from(value.count(1..=1000)?).expect("within the range"))),
        (None, Some(value)) => {
            let cleans_up = value.word("mode", ["full", "cleanup"])? == "cleanup";
            Ok(if cleans_up { Arg::Cleanup } else { Arg::None })
        }
        (Some(_), Some(mode)) => {
            let message = "`mode` is for a rebalance, which has no `named`".to_owned();
            Err(mode.misread_key(Mistake::Contrary { message, expected: "one of the two".to_owned() }))
        }
    }
}

fn origin(value: &Value<'_>) -> Read<Origin> {
    const ORIGINS: [(&str, Origin); 3] =
        [("user", Origin::User), ("force", Origin::Force), ("automatic", Origin::Automatic)];
    let word = value.word("origin", ORIGINS.iter().map(|(word, _)| *word))?;
    Ok(ORIGINS.iter().find(|(known, _)| *known == word).expect("a legal word is in the list").1)
}
