//! Names of daemons and of jobs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use quiesce_machine::{CallId, Incarnation, Rename, Renaming};

use super::kind::Kind;
use super::membership::Version;

/// A daemon or client by role and number, counted from 0 and printed from 1: `p1`, `t3`, `c1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DaemonId {
    /// A gateway.
    Proxy(u16),
    /// A storage node.
    Target(u16),
    /// A user's program.
    Client(u16),
}

impl DaemonId {
    /// This name as one number of 18 bits, ordered as names are, for what is told apart or mixed by numbers.
    #[inline]
    pub(crate) const fn number(self) -> u64 {
        match self {
            DaemonId::Proxy(n) => n as u64,
            DaemonId::Target(n) => 1 << 16 | n as u64,
            DaemonId::Client(n) => 2 << 16 | n as u64,
        }
    }

    /// The name with that [`number`](Self::number).
    ///
    /// # Panics
    /// When no name has it.
    #[inline]
    pub(crate) const fn numbered(number: u64) -> DaemonId {
        let n = (number & 0xffff) as u16;
        match number >> 16 {
            0 => DaemonId::Proxy(n),
            1 => DaemonId::Target(n),
            2 => DaemonId::Client(n),
            _ => panic!("a name's number has 18 bits, the higher two no more than 2"),
        }
    }
}

impl Hash for DaemonId {
    /// One word: every message names some daemon, and drivers hash every message.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.number() as u32);
    }
}

impl Rename for DaemonId {
    /// Targets and clients are counted by the words `target` and `client`; gateways are never exchanged.
    fn rename(&self, to: &Renaming) -> Self {
        let other = |what, n| u16::try_from(to.number(what, u32::from(n))).expect("as many as before");
        match *self {
            DaemonId::Proxy(n) => DaemonId::Proxy(n),
            DaemonId::Target(n) => DaemonId::Target(other("target", n)),
            DaemonId::Client(n) => DaemonId::Client(other("client", n)),
        }
    }
}

impl fmt::Display for DaemonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DaemonId::Proxy(n) => write!(f, "p{}", n + 1),
            DaemonId::Target(n) => write!(f, "t{}", n + 1),
            DaemonId::Client(n) => write!(f, "c{}", n + 1),
        }
    }
}

impl fmt::Debug for DaemonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A job's id, unique in a run: its form, who made it, in which life, and a number of its own.
///
/// Made by a gateway from a counter, from a client's request, in which case asking twice gives one id (policy
/// `job-identity`), from the version of a rebalance, or by targets that agree on one without asking each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct XactId {
    /// Its form above the number of its maker.
    who: u32,
    life: Incarnation,
    /// The counter, the number of the client's call, the version, or the digest.
    pub number: u32,
}

/// What an id looks like, and so what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
#[repr(u8)]
pub enum Form {
    /// A short id, unlike any of the others.
    Short,
    /// `g` and the version of the rebalance.
    Rebalance,
    /// `dnl-`: a download.
    Download,
    /// `etl-`: an inline transformation.
    Etl,
    /// `tco-`: a copy or transformation of a list or range of objects.
    CopyObjects,
    /// `inv-`: an inventory.
    Inventory,
    /// `gbt-`: a batch of reads.
    GetBatch,
    /// `srt-`: a distributed sort.
    Sort,
}

/// The kinds whose ids have a form of their own.
const FORMS: [(Kind, Form); 8] = [
    (Kind::Rebalance, Form::Rebalance),
    (Kind::Download, Form::Download),
    (Kind::EtlInline, Form::Etl),
    (Kind::CopyListrange, Form::CopyObjects),
    (Kind::EtlListrange, Form::CopyObjects),
    (Kind::CreateInventory, Form::Inventory),
    (Kind::GetBatch, Form::GetBatch),
    (Kind::Dsort, Form::Sort),
];

impl Form {
    /// Every form, in order.
    const ALL: [Form; 8] = [
        Form::Short,
        Form::Rebalance,
        Form::Download,
        Form::Etl,
        Form::CopyObjects,
        Form::Inventory,
        Form::GetBatch,
        Form::Sort,
    ];

    /// The form of ids of that kind of job.
    #[must_use]
    pub fn of(kind: Kind) -> Form {
        let own = |&&(of, _): &&(Kind, Form)| of == kind;
        FORMS.iter().find(own).map_or(Form::Short, |&(_, form)| form)
    }

    /// What its ids begin with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Form::Short => "x-",
            Form::Rebalance => "g",
            Form::Download => "dnl-",
            Form::Etl => "etl-",
            Form::CopyObjects => "tco-",
            Form::Inventory => "inv-",
            Form::GetBatch => "gbt-",
            Form::Sort => "srt-",
        }
    }
}

/// Stands in an id that no single daemon made.
const NOBODY: DaemonId = DaemonId::Target(u16::MAX);

impl Ord for XactId {
    /// By form, maker, life and number. One comparison: tables are searched by id at every notification.
    #[inline]
    fn cmp(&self, other: &XactId) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for XactId {
    fn partial_cmp(&self, other: &XactId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for XactId {
    /// Two words: see [`DaemonId`]'s.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.who);
        state.write_u64(self.count());
    }
}

impl XactId {
    /// By how many bits the number of its maker is below its form.
    const FORM: u32 = 18;

    const fn new(form: Form, by: DaemonId, life: Incarnation, number: u32) -> XactId {
        XactId { who: (form as u32) << Self::FORM | by.number() as u32, life, number }
    }

    /// Life and number.
    #[inline]
    fn count(self) -> u64 {
        u64::from(self.life.0) << 32 | u64::from(self.number)
    }

    #[inline]
    fn rank(self) -> u128 {
        u128::from(self.who) << 64 | u128::from(self.count())
    }

    /// What it looks like.
    #[must_use]
    pub fn form(self) -> Form {
        Form::ALL[(self.who >> Self::FORM) as usize]
    }

    /// Whose request or counter it comes from.
    #[must_use]
    pub fn by(self) -> DaemonId {
        DaemonId::numbered(u64::from(self.who) & ((1 << Self::FORM) - 1))
    }

    /// Which life of that process.
    #[must_use]
    pub fn life(self) -> Incarnation {
        self.life
    }

    /// An id from a process' own counter.
    #[must_use]
    pub const fn minted(by: DaemonId, life: Incarnation, number: u32) -> XactId {
        XactId::new(Form::Short, by, life, number)
    }

    /// The id of the job that a client's start request stands for.
    #[must_use]
    pub fn of_request(client: DaemonId, life: Incarnation, call: CallId) -> XactId {
        XactId::minted(client, life, call.0)
    }

    /// `g<version>`.
    #[must_use]
    pub const fn rebalance(version: u32) -> XactId {
        XactId::rebalance_of(Incarnation(0), version)
    }

    /// `g<term>.<version>`, or `g<version>` of term 0.
    #[must_use]
    pub const fn rebalance_of(term: Incarnation, version: u32) -> XactId {
        XactId::new(Form::Rebalance, NOBODY, term, version)
    }

    /// A best-effort id: daemons that see the same minute, cluster map and tag make the same one, without a word; those
    /// whose clocks or maps differ make different ones. `attempt` tells it from one that is taken already. Source:
    /// `reference/aistore-registry-and-coexistence.md` section B, IDs.
    #[must_use]
    pub fn agreed(form: Form, minute: u64, smap: Version, tag: &[u64], attempt: u8) -> XactId {
        let smap = [u64::from(smap.term), u64::from(smap.count)];
        let words = [minute, u64::from(attempt)].into_iter().chain(smap).chain(tag.iter().copied());
        let digest = words.fold(0xcbf2_9ce4_8422_2325_u64, |digest, word| {
            let mixed = (digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^ mixed >> 29
        });
        let number = u32::try_from(digest >> 32).expect("half of 64 bits");
        XactId::new(form, NOBODY, Incarnation(0), number)
    }

    /// An id like this one but for its number.
    #[must_use]
    pub const fn with_number(self, number: u32) -> XactId {
        XactId { number, ..self }
    }

    /// The same id in the form of a kind of job.
    #[must_use]
    pub fn in_form_of(self, kind: Kind) -> XactId {
        XactId::new(Form::of(kind), self.by(), self.life, self.number)
    }

    /// This id as one number, for what is told apart by numbers.
    ///
    /// # Panics
    /// When a process has lived 2,048 lives or more.
    #[must_use]
    pub fn key(self) -> u64 {
        assert!(self.life.0 < 1 << 11, "{self} is of a life beyond 11 bits");
        u64::from(self.who) << 43 | self.count()
    }
}

impl Rename for XactId {
    /// An id that stands for a client's request goes with the number of its call.
    fn rename(&self, to: &Renaming) -> Self {
        let number = match self.by() {
            DaemonId::Client(_) => CallId(self.number).rename(to).0,
            DaemonId::Proxy(_) | DaemonId::Target(_) => self.number,
        };
        XactId::new(self.form(), self.by().rename(to), self.life, number)
    }
}

impl fmt::Display for XactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form().prefix())?;
        match (self.form(), self.by()) {
            (Form::Rebalance, _) if self.life == Incarnation(0) => write!(f, "{}", self.number),
            (Form::Rebalance, _) => write!(f, "{}.{}", self.life.0, self.number),
            (_, NOBODY) => write!(f, "{:08x}", self.number),
            (_, by) => write!(f, "{by}.{}.{}", self.life.0, self.number),
        }
    }
}

impl fmt::Debug for XactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A client's own name for a job it started, by which a later wait in the same client means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct JobName(pub u16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_operators_write_them() {
        assert_eq!(DaemonId::Target(2).to_string(), "t3");
        let id = XactId::of_request(DaemonId::Client(0), Incarnation(1), CallId(4));
        assert_eq!(format!("{id:?}"), "x-c1.1.4");
        assert_eq!(XactId::rebalance(7).to_string(), "g7");
        assert_eq!(id.in_form_of(Kind::Dsort).to_string(), "srt-c1.1.4");
    }

    #[test]
    fn ids_are_ordered_by_form_then_maker_then_life_then_number() {
        let id = |form, by, life, number| XactId::new(form, by, Incarnation(life), number);
        let (p, t) = (DaemonId::Proxy(u16::MAX), DaemonId::Target(0));
        let ascending = [
            id(Form::Short, p, u32::MAX, u32::MAX),
            id(Form::Short, t, 0, u32::MAX),
            id(Form::Short, t, 1, 0),
            id(Form::Short, t, 1, 1),
            id(Form::Rebalance, p, 0, 0),
        ];
        assert!(ascending.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn an_id_gives_back_what_it_was_made_of() {
        for (place, &form) in Form::ALL.iter().enumerate() {
            assert_eq!(form as usize, place);
            for by in [DaemonId::Proxy(3), DaemonId::Target(u16::MAX), DaemonId::Client(0)] {
                let id = XactId::new(form, by, Incarnation(7), 9);
                assert_eq!((id.form(), id.by(), id.life(), id.number), (form, by, Incarnation(7), 9));
            }
        }
    }

    #[test]
    fn daemons_agree_on_an_id_when_they_see_the_same_and_not_otherwise() {
        let id = |minute, count, tag: &[u64], attempt| {
            XactId::agreed(Form::CopyObjects, minute, Version { term: 0, count }, tag, attempt)
        };
        let agreed = id(3, 8, &[1, 2], 0);
        assert_eq!(agreed, id(3, 8, &[1, 2], 0));
        for other in [id(4, 8, &[1, 2], 0), id(3, 9, &[1, 2], 0), id(3, 8, &[2, 1], 0), id(3, 8, &[1, 2], 1)] {
            assert_ne!(agreed, other);
        }
        assert!(agreed.to_string().starts_with("tco-"));
    }

    #[test]
    fn ids_of_different_forms_have_different_keys() {
        let id = XactId::minted(DaemonId::Client(0), Incarnation(1), 4);
        let kinds = [Kind::Lru, Kind::Dsort, Kind::Download, Kind::EtlInline, Kind::GetBatch, Kind::CreateInventory];
        let keys: std::collections::BTreeSet<u64> = kinds.iter().map(|&kind| id.in_form_of(kind).key()).collect();
        assert_eq!(keys.len(), kinds.len());
    }
}
