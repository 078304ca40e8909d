//! The cluster map: who is a member, in which state, and who is primary.
//!
//! Immutable: a change makes a new map through a [`Draft`], and only a primary makes one. Copies share their content and
//! hash in constant time, since every daemon holds one.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, Smap.

use quiesce_machine::{Rename, Renaming};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::body::Body;
use super::flags::Flags;
use crate::xaction::buckets::{BucketError, Buckets};
use crate::xaction::config::Cluster;
use crate::xaction::digest::digest;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::rebalance::{Order, Progress};

/// Where a map stands among the maps of its cluster; the later wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Version {
    /// Which election made its author primary; 0 for all where elections have no number (policy `vote-result`).
    pub term: u16,
    /// The published version: grows with every change.
    pub count: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.term {
            0 => write!(f, "v{}", self.count),
            term => write!(f, "v{term}.{}", self.count),
        }
    }
}

/// A cluster map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Smap(Arc<Content>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    version: Version,
    digest: u64,
    primary: DaemonId,
    /// In order, and looked up at every end of a part.
    members: Box<[(DaemonId, Member)]>,
    proxies: usize,
    left: BTreeSet<DaemonId>,
    after: BTreeSet<Body>,
    /// The active members of the Information Center and the active targets, which are asked for at every end of a part.
    ic: Box<[DaemonId]>,
    targets: Box<[DaemonId]>,
    order: Option<Order>,
    buckets: Buckets,
}

/// What a map says of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Member {
    /// Its state.
    pub flags: Flags,
    /// The map that took it in: a member that left and came back is told apart from one that never left.
    pub since: Version,
}

impl Smap {
    /// The map that a cluster is deployed with: every daemon but those on standby, the first `ic_size` proxies are
    /// the Information Center, the first proxy is primary.
    ///
    /// # Panics
    /// When the first proxy is on standby.
    #[must_use]
    pub fn deployed(cluster: &Cluster, standby: &BTreeSet<DaemonId>, non_electable: &BTreeSet<DaemonId>) -> Smap {
        let since = Version { term: 0, count: 1 };
        let flags = |daemon| {
            let ic = if cluster.is_ic(daemon) { Flags::IC } else { Flags::NONE };
            if non_electable.contains(&daemon) { ic | Flags::NON_ELECTABLE } else { ic }
        };
        let daemons = cluster.proxies().chain(cluster.targets()).filter(|daemon| !standby.contains(daemon));
        let members: BTreeMap<_, _> = daemons.map(|daemon| (daemon, Member { flags: flags(daemon), since })).collect();
        let primary = cluster.first_proxy();
        assert!(members.contains_key(&primary), "a cluster is deployed with its first proxy");
        let (left, after, buckets) = (BTreeSet::new(), BTreeSet::new(), Buckets::default());
        Draft { version: since, primary, members, left, after, order: None, buckets }.publish()
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// Who is primary.
    #[must_use]
    pub fn primary(&self) -> DaemonId {
        self.0.primary
    }

    /// What it says of a daemon, if that is a member.
    #[must_use]
    pub fn member(&self, daemon: DaemonId) -> Option<Member> {
        let likely = match daemon {
            DaemonId::Proxy(n) => usize::from(n),
            DaemonId::Target(n) => self.0.proxies + usize::from(n),
            DaemonId::Client(_) => return None,
        };
        let members = &self.0.members;
        let there = members.get(likely).is_some_and(|&(other, _)| other == daemon);
        let place = if there { Ok(likely) } else { members.binary_search_by_key(&daemon, |&(other, _)| other) };
        place.ok().map(|place| members[place].1)
    }

    /// Whether a daemon is a member, in whatever state.
    #[must_use]
    pub fn contains(&self, daemon: DaemonId) -> bool {
        self.member(daemon).is_some()
    }

    /// A member's flags; none for a daemon that is no member.
    #[must_use]
    pub fn flags(&self, daemon: DaemonId) -> Flags {
        self.member(daemon).map_or(Flags::NONE, |member| member.flags)
    }

    /// Whether a daemon is a member that is neither in maintenance nor being decommissioned.
    #[must_use]
    pub fn is_active(&self, daemon: DaemonId) -> bool {
        self.member(daemon).is_some_and(|member| member.flags.are_active())
    }

    /// Whether a daemon was sent away for good, and has not joined again.
    #[must_use]
    pub fn has_left(&self, daemon: DaemonId) -> bool {
        self.0.left.contains(&daemon)
    }

    /// The latest rebalance that was ordered.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        self.0.order.as_ref()
    }

    /// Every bucket there is.
    #[must_use]
    pub fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }

    /// Every member with what is said of it, in order.
    pub fn members(&self) -> impl Iterator<Item = (DaemonId, Member)> {
        self.0.members.iter().copied()
    }

    /// Every active member, in order.
    pub fn active(&self) -> impl Iterator<Item = DaemonId> {
        self.members().filter(|(_, member)| member.flags.are_active()).map(|(daemon, _)| daemon)
    }

    /// The active targets: those that take part in what starts now.
    pub fn targets(&self) -> impl Iterator<Item = DaemonId> {
        self.0.targets.iter().copied()
    }

    /// The place of a target among the active ones.
    #[must_use]
    pub fn target_place(&self, target: DaemonId) -> Option<usize> {
        self.0.targets.binary_search(&target).ok()
    }

    /// The active members of the Information Center: whom registrations and notifications go to.
    pub fn ic(&self) -> impl Iterator<Item = DaemonId> {
        self.0.ic.iter().copied()
    }

    /// Whether these are one map in memory.
    #[cfg(test)]
    pub(crate) fn is_the_same_as(&self, other: &Smap) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether a daemon is flagged as a member of the Information Center.
    #[must_use]
    pub fn is_ic(&self, daemon: DaemonId) -> bool {
        self.flags(daemon).contains(Flags::IC)
    }

    /// The active member of the Information Center that weighs most for a job and serves its queries.
    #[must_use]
    pub fn hrw_ic(&self, job: XactId) -> Option<DaemonId> {
        let mix = job.by().number() << 44 ^ u64::from(job.life().0) << 32 ^ u64::from(job.number);
        self.ic().max_by_key(|&member| (weight(mix, member), member))
    }

    /// Who is to be primary next: the electable active proxy that weighs most, the present primary and `passed_over`
    /// left out.
    #[must_use]
    pub fn heir(&self, passed_over: &BTreeSet<DaemonId>) -> Option<DaemonId> {
        let may = |daemon: DaemonId| {
            matches!(daemon, DaemonId::Proxy(_))
                && daemon != self.primary()
                && !self.flags(daemon).contains(Flags::NON_ELECTABLE)
                && !passed_over.contains(&daemon)
        };
        self.active().filter(|&daemon| may(daemon)).max_by_key(|&daemon| (weight(0, daemon), daemon))
    }

    /// Whether it is agreed on: nobody's consent is outstanding, and what follows from it may be acted on.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.0.after.is_empty()
    }

    /// Whose consent it takes to follow this map with another.
    #[must_use]
    pub fn body(&self) -> Body {
        Body { voters: self.active().collect(), ic: self.ic().collect() }
    }

    /// Whether these daemons are more than half of the active members, and of those of each map that it is to follow.
    #[must_use]
    pub fn is_majority(&self, of: &BTreeSet<DaemonId>) -> bool {
        self.body().is_majority(of) && self.0.after.iter().all(|body| body.is_majority(of))
    }

    /// Whether whatever enough members of the Information Center knew under the maps that it is to follow, one of these
    /// knows too.
    #[must_use]
    pub fn is_read(&self, by: &BTreeSet<DaemonId>) -> bool {
        self.0.after.iter().all(|body| body.is_read(by))
    }

    /// Whether these are enough members of the Information Center for what they know to stay known.
    #[must_use]
    pub fn is_enough(&self, of: &BTreeSet<DaemonId>) -> bool {
        self.body().is_enough(of)
    }

    /// Who has to hear of it: its members, and those whose consent it takes.
    #[must_use]
    pub fn concerned(&self) -> BTreeSet<DaemonId> {
        let before = self.0.after.iter().flat_map(|body| body.voters.iter().chain(&body.ic).copied());
        self.members().map(|(daemon, _)| daemon).chain(before).collect()
    }

    /// Whose votes decide who is to lead on from it: its active members, and those of each map that it is to follow.
    #[must_use]
    pub fn voters(&self) -> BTreeSet<DaemonId> {
        self.0.after.iter().flat_map(|body| body.voters.iter().copied()).chain(self.active()).collect()
    }

    /// A changeable copy, settled.
    #[must_use]
    pub fn draft(&self) -> Draft {
        let Content { version, primary, left, order, buckets, .. } = &*self.0;
        let (members, left, order, buckets) = (self.members().collect(), left.clone(), order.clone(), buckets.clone());
        Draft { version: *version, primary: *primary, members, left, after: BTreeSet::new(), order, buckets }
    }

    /// The map that says the same and is settled.
    #[must_use]
    pub fn settled(&self) -> Smap {
        let mut draft = self.draft();
        draft.bump();
        draft.publish()
    }
}

impl Rename for Smap {
    fn rename(&self, to: &Renaming) -> Self {
        let Draft { version, primary, members, left, order, buckets, .. } = self.draft();
        let after = self.0.after.rename(to);
        let (primary, members, left) = (primary.rename(to), members.rename(to), left.rename(to));
        Draft { version, primary, members, left, after, order: order.rename(to), buckets: buckets.rename(to) }.publish()
    }
}

impl Hash for Smap {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

impl fmt::Debug for Smap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Smap {
    /// `v7 p1* p2 t1 t2(maintenance)`: the primary bears a star, a version that is not settled a question mark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.version(), f)?;
        f.write_str(if self.is_settled() { "" } else { "?" })?;
        for (daemon, member) in self.members() {
            let star = if daemon == self.primary() { "*" } else { "" };
            write!(f, " {daemon}{star}{}", member.flags)?;
        }
        self.order().map_or(Ok(()), |order| write!(f, " {order}"))
    }
}

/// A map in the making. Every change counts one version, as published.
#[derive(Clone, Debug, Hash, Rename)]
pub struct Draft {
    version: Version,
    primary: DaemonId,
    members: BTreeMap<DaemonId, Member>,
    left: BTreeSet<DaemonId>,
    after: BTreeSet<Body>,
    order: Option<Order>,
    buckets: Buckets,
}

impl Draft {
    /// Makes it a proposal that is to follow that map: in force when the members of both have agreed.
    pub fn propose_after(&mut self, map: &Smap) {
        self.after = map.0.after.clone();
        self.after.insert(map.body());
    }

    /// The version it will have.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Takes a daemon in, with these flags.
    pub fn add(&mut self, daemon: DaemonId, flags: Flags) {
        self.bump();
        self.left.remove(&daemon);
        self.members.insert(daemon, Member { flags, since: self.version });
    }

    /// Leaves a daemon out.
    pub fn remove(&mut self, daemon: DaemonId) {
        if self.members.remove(&daemon).is_some() {
            self.bump();
        }
    }

    /// Leaves a daemon out for good: only a request to join takes it in again.
    pub fn send_away(&mut self, daemon: DaemonId) {
        self.remove(daemon);
        self.left.insert(daemon);
    }

    /// Sets flags of a member. Maintenance and decommission take its place in the Information Center away.
    pub fn set(&mut self, daemon: DaemonId, flags: Flags) {
        self.change(daemon, |now| {
            let set = now | flags;
            if set.are_active() { set } else { set.without(Flags::IC) }
        });
    }

    /// Clears flags of a member.
    pub fn clear(&mut self, daemon: DaemonId, flags: Flags) {
        self.change(daemon, |now| now.without(flags));
    }

    /// Counts a version for what is not a change of members.
    pub fn touch(&mut self) -> Version {
        self.bump();
        self.version
    }

    /// The latest rebalance that was ordered.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        self.order.as_ref()
    }

    /// Changes buckets, which counts a version if it does.
    ///
    /// # Errors
    /// When the change does; nothing is changed then.
    pub fn with_buckets<T>(
        &mut self,
        change: impl FnOnce(&mut Buckets) -> Result<T, BucketError>,
    ) -> Result<T, BucketError> {
        let mut buckets = self.buckets.clone();
        let result = change(&mut buckets)?;
        if buckets != self.buckets {
            self.buckets = buckets;
            self.bump();
        }
        Ok(result)
    }

    /// Orders a rebalance in place of the one before.
    pub fn place(&mut self, order: Order) {
        self.order = Some(order);
    }

    /// Closes the open order; `None` if there is none.
    pub fn close_order(&mut self, progress: Progress) -> Option<Order> {
        let order = self.order.as_mut().filter(|order| order.is_open())?;
        order.progress = progress;
        let finished = order.clone();
        self.bump();
        Some(finished)
    }

    /// A member's flags; none for a daemon that is no member.
    #[must_use]
    pub fn flags(&self, daemon: DaemonId) -> Flags {
        self.members.get(&daemon).map_or(Flags::NONE, |member| member.flags)
    }

    /// The targets that keep data.
    #[must_use]
    pub fn active_targets(&self) -> BTreeSet<DaemonId> {
        self.targets(Flags::are_active)
    }

    /// The targets that are to be emptied, and may not have been yet.
    #[must_use]
    pub fn leaving_targets(&self) -> BTreeSet<DaemonId> {
        self.targets(|flags| !flags.are_active() && !flags.contains(Flags::POST_REBALANCE))
    }

    fn targets(&self, fit: impl Fn(Flags) -> bool) -> BTreeSet<DaemonId> {
        let targets = self.members.iter().filter(|(daemon, _)| matches!(daemon, DaemonId::Target(_)));
        targets.filter(|(_, member)| fit(member.flags)).map(|(&daemon, _)| daemon).collect()
    }

    /// Makes a member primary; `count` is what that adds to the version.
    pub fn crown(&mut self, primary: DaemonId, term: u16, count: u32) {
        self.primary = primary;
        self.version = Version { term, count: self.version.count + count };
    }

    /// Fills the Information Center up to `size`: the primary, then electable proxies in order. `inactive`: those in
    /// maintenance are not passed over (policy `ic-staffing`).
    pub fn staff_ic(&mut self, size: u16, inactive: bool) {
        self.set(self.primary, Flags::IC);
        let fits = |member: &Member| inactive || member.flags.are_active();
        let candidates: Vec<DaemonId> = self
            .members
            .iter()
            .filter(|(daemon, member)| {
                matches!(daemon, DaemonId::Proxy(_))
                    && fits(member)
                    && !member.flags.contains(Flags::IC)
                    && !member.flags.contains(Flags::NON_ELECTABLE)
            })
            .map(|(&daemon, _)| daemon)
            .collect();
        for candidate in candidates {
            if self.ic_count() < usize::from(size) {
                self.change(candidate, |flags| flags | Flags::IC);
            }
        }
    }

    /// The proxies of which one has to leave the Information Center, if it is larger than `size`.
    #[must_use]
    pub fn ic_surplus(&self, size: u16) -> Vec<DaemonId> {
        if self.ic_count() <= usize::from(size) {
            return Vec::new();
        }
        let flagged = self.members.iter().filter(|(_, member)| member.flags.contains(Flags::IC));
        flagged.map(|(&daemon, _)| daemon).filter(|&daemon| daemon != self.primary).collect()
    }

    /// The map.
    #[must_use]
    pub fn publish(self) -> Smap {
        let digest = digest(&self);
        let Draft { version, primary, members, left, after, order, buckets } = self;
        let active = || members.iter().filter(|(_, member)| member.flags.are_active());
        let ic = active().filter(|(_, member)| member.flags.contains(Flags::IC)).map(|(&daemon, _)| daemon).collect();
        let is_target = |daemon: &DaemonId| matches!(daemon, DaemonId::Target(_));
        let targets = active().map(|(&daemon, _)| daemon).filter(is_target).collect();
        let proxies = members.keys().filter(|daemon| matches!(daemon, DaemonId::Proxy(_))).count();
        let members = members.into_iter().collect();
        let content = Content { version, digest, primary, members, proxies, left, after, ic, targets, order, buckets };
        Smap(Arc::new(content))
    }

    fn ic_count(&self) -> usize {
        self.members.values().filter(|member| member.flags.contains(Flags::IC)).count()
    }

    fn change(&mut self, daemon: DaemonId, change: impl FnOnce(Flags) -> Flags) {
        let Some(member) = self.members.get_mut(&daemon) else { return };
        let flags = change(member.flags);
        if flags != member.flags {
            member.flags = flags;
            self.bump();
        }
    }

    fn bump(&mut self) {
        self.version.count += 1;
    }
}

/// A proxy's weight for something: a fixed integer mix, so that every daemon ranks alike.
fn weight(mix: u64, member: DaemonId) -> u64 {
    let mut x = mix ^ (member.number() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for multiplier in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        x = (x ^ x >> 30).wrapping_mul(multiplier);
    }
    x ^ x >> 31
}

#[cfg(test)]
mod tests;
