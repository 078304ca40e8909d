//! The persistent store: specs by key, one lease, and the guards on writes.
//!
//! Every change is one durable image; what it answers, it answers when the image is durable.
//! Source: `reference/mayastor-control-plane.md` sections 3 and 10.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use quiesce_machine::{Event, Incarnation, OpId, StoreError, Write};

use super::config::{Cluster, Config};
use super::fact::Fact;
use super::id::{Birth, Key, Role, Uuid};
use super::mark;
use super::message::{Msg, Stale, ToAgent, ToEngine, ToStore};
use super::object::Instance;
use super::policy::WriteGuard;
use super::record::{Image, Missed, Record};
use super::spec::{Body, Spec};
use super::timer::Timer;
use super::user::{Reply, Request};
use super::{Context, Node, send};

/// The store's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Store {
    /// What is durable.
    image: Arc<Image>,
    /// Images on their way, oldest first, and what to say when each is durable.
    pending: VecDeque<Pending>,
    /// How many writes are still to be refused.
    refusals: u8,
}

/// An image on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    image: Arc<Image>,
    news: Vec<News>,
}

/// What becomes so with an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct News {
    answer: Option<(Role, Msg)>,
    fact: Option<Fact>,
}

impl Store {
    /// The spec of that key, as of the last durable write.
    #[must_use]
    pub fn spec(&self, key: Key) -> Option<&Spec> {
        self.image.specs.get(&key).map(Arc::as_ref)
    }

    /// What is written down of replicas that missed writes.
    pub fn missed(&self) -> &BTreeSet<Missed> {
        &self.image.missed
    }

    /// The epoch of the lease given out last.
    #[must_use]
    pub fn epoch(&self) -> u16 {
        self.image.epoch
    }

    /// Every spec.
    pub fn specs(&self) -> impl Iterator<Item = (Key, &Spec)> {
        self.image.specs.iter().map(|(&key, spec)| (key, spec.as_ref()))
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { records, .. } => self.start(records, cx),
            Event::Deliver { from, msg: Msg::ToStore(msg) } => {
                let from = cx.config().cluster.role(from);
                self.receive(from, msg, cx);
            }
            Event::Deliver { msg, .. } => unreachable!("not for the store: {msg:?}"),
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::LeaseExpiry } => self.expire(cx),
            Event::Fire { timer } => unreachable!("not the store's: {timer:?}"),
            Event::Call { call, request: Request::Refuse { writes } } => {
                self.refusals = self.refusals.saturating_add(writes);
                cx.reply(call, Reply::Done);
            }
            Event::Call { request, .. } => unreachable!("not for the store: {request:?}"),
            Event::Stored { outcome, .. } => self.stored(outcome, cx),
        }
    }

    fn start(&mut self, records: Vec<Record>, cx: &mut Context<'_>) {
        self.image = match records.into_iter().next() {
            Some(Record::Store(image)) => image,
            Some(Record::Engine(..)) | None => Arc::new(first_image(&cx.config().cluster)),
        };
        // What the last life made durable may not have been said.
        for (&key, spec) in &self.image.specs {
            cx.fact(Fact::Stored { key, birth: spec.birth, status: Some(spec.status) });
        }
        self.arm_expiry(cx);
    }

    /// Whether a message can do nothing any more: what a process said before the lease was given to a later life of its
    /// agent, where nobody else can ever take it.
    pub(crate) fn ignores(&self, from: Role, msg: &ToStore, config: &Config) -> bool {
        let Some((holder, held)) = self.image.holder.filter(|_| self.pending.is_empty()) else { return false };
        let its_own = config.timing.lease.is_none() && from == Role::Agent(holder);
        its_own
            && match *msg {
                ToStore::Acquire { life, .. } => life < held,
                ToStore::KeepAlive { epoch } | ToStore::Confirm { epoch, .. } | ToStore::Write { epoch, .. } => {
                    epoch < self.image.epoch
                }
                ToStore::Forget { epoch, .. } => epoch < self.image.epoch,
                ToStore::Missed { .. } => false,
            }
    }

    fn receive(&mut self, from: Role, msg: ToStore, cx: &mut Context<'_>) {
        match (from, msg) {
            (Role::Agent(agent), msg) => self.receive_from_agent(agent, msg, cx),
            (_, ToStore::Missed { nexus, replica }) => self.write_missed(from, nexus, replica, cx),
            (from, msg) => unreachable!("not for {from} to say: {msg:?}"),
        }
    }

    fn receive_from_agent(&mut self, from: u8, msg: ToStore, cx: &mut Context<'_>) {
        match msg {
            ToStore::Acquire { life, after } => self.acquire(from, life, after, cx),
            ToStore::KeepAlive { epoch } => match self.has_lease(from, epoch) {
                true => {
                    self.arm_expiry(cx);
                    send(cx, Role::Agent(from), ToAgent::Kept { epoch });
                }
                false => self.tell_lease_gone(from, epoch, cx),
            },
            ToStore::Confirm { epoch, user, call } => match self.has_lease(from, epoch) {
                true => send(cx, Role::Agent(from), ToAgent::Confirmed { epoch, user, call }),
                false => self.tell_lease_gone(from, epoch, cx),
            },
            ToStore::Write { epoch, revision, key, spec } => self.write(from, epoch, revision, key, spec, cx),
            ToStore::Forget { epoch, nexus } => {
                let mut next = self.latest().clone();
                next.missed.retain(|missed| missed.nexus != nexus);
                if self.has_lease(from, epoch) && next.missed != self.latest().missed {
                    self.commit(next, None, None, cx);
                }
            }
            ToStore::Missed { .. } => unreachable!("not for an agent to say: {msg:?}"),
        }
    }

    /// An engine says that a child missed a write, which its nexus acknowledges when that is written down. A nexus that
    /// is not the latest of its volume on record is told nothing, and so acknowledges nothing: what the agent was told
    /// of when it wrote down the latest is all that any earlier one ever acknowledged.
    fn write_missed(&mut self, from: Role, nexus: Instance, replica: Uuid, cx: &mut Context<'_>) {
        let latest = self.latest();
        let Key::Nexus(uuid) = nexus.key else { return };
        let Some(spec) = latest.specs.get(&nexus.key).filter(|spec| spec.birth == nexus.birth) else { return };
        let younger = |(key, other): (&Key, &Arc<Spec>)| {
            matches!(key, Key::Nexus(_)) && other.owner() == spec.owner() && other.birth > spec.birth
        };
        if latest.specs.iter().any(younger) || !latest.specs.contains_key(&Key::Replica(replica)) {
            return;
        }
        let answer: Msg = ToEngine::MissedDone { nexus, replica }.into();
        let missed = Missed { nexus: uuid, replica };
        if !latest.missed.contains(&missed) {
            let mut next = latest.clone();
            next.missed.insert(missed);
            self.commit(next, Some((from, answer)), None, cx);
        } else if self.pending.is_empty() {
            send(cx, from, answer);
        }
    }

    /// The image that the next change starts from.
    fn latest(&self) -> &Image {
        self.pending.back().map_or(&self.image, |pending| &pending.image)
    }

    fn has_lease(&self, agent: u8, epoch: u16) -> bool {
        let latest = self.latest();
        latest.epoch == epoch && latest.holder.is_some_and(|(holder, _)| holder == agent)
    }

    /// Tells an agent that it lost its lease; one that has a later lease knows.
    fn tell_lease_gone(&self, agent: u8, epoch: u16, cx: &mut Context<'_>) {
        let latest = self.latest();
        if epoch >= latest.epoch || latest.holder.is_none_or(|(holder, _)| holder != agent) {
            send(cx, Role::Agent(agent), ToAgent::LeaseGone { epoch });
        }
    }

    /// A lease is given to whoever asks first, and anew to the agent that has it once it leads no longer. Its epoch is no
    /// less than the life it is given to: answers to an earlier life are known by it.
    fn acquire(&mut self, from: u8, life: Incarnation, after: u16, cx: &mut Context<'_>) {
        let mut next = self.latest().clone();
        match next.holder {
            Some((holder, held)) if holder == from && held == life && next.epoch > after => {
                if self.pending.is_empty() {
                    send(cx, Role::Agent(from), granted(&self.image, life));
                }
                return;
            }
            Some((holder, held)) if holder == from && held > life => return,
            Some((holder, _)) if holder != from => return send(cx, Role::Agent(from), ToAgent::Held),
            Some(_) | None => (),
        }
        next.epoch = (next.epoch + 1).max(u16::try_from(life.0).unwrap_or(u16::MAX));
        next.holder = Some((from, life));
        next.revision = (0, true);
        let answer = granted(&next, life).into();
        self.commit(next, Some((Role::Agent(from), answer)), None, cx);
        self.arm_expiry(cx);
    }

    fn arm_expiry(&self, cx: &mut Context<'_>) {
        let latest = self.latest();
        let spent = cx.config().timing.lapses.is_some_and(|most| latest.lapses >= most);
        if let Some(ttl) = cx.config().timing.lease
            && latest.holder.is_some()
            && !spent
        {
            cx.arm(Timer::LeaseExpiry, ttl);
        }
    }

    fn expire(&mut self, cx: &mut Context<'_>) {
        let mut next = self.latest().clone();
        next.holder = None;
        if cx.config().timing.lapses.is_some() {
            next.lapses += 1;
        }
        self.commit(next, None, None, cx);
    }

    fn write(&mut self, from: u8, epoch: u16, revision: u32, key: Key, spec: Option<Arc<Spec>>, cx: &mut Context<'_>) {
        let to = Role::Agent(from);
        if !self.has_lease(from, epoch) {
            return self.tell_lease_gone(from, epoch, cx);
        }
        let (last, applied) = self.latest().revision;
        if cx.config().policies.write_guard == WriteGuard::Revision && revision <= last {
            cx.reach(mark::OLD_WRITE);
            if revision == last && self.pending.is_empty() {
                let stale = stale(self.latest());
                send(cx, to, ToAgent::WriteDone { epoch, revision, applied, stale });
            }
            return;
        }
        let refused = self.refusals > 0;
        let mut next = self.latest().clone();
        next.revision = (revision, !refused);
        let mut fact = None;
        if refused {
            self.refusals -= 1;
        } else {
            let old = next.specs.get(&key).cloned();
            let status = spec.as_ref().map(|spec| spec.status);
            let birth = spec.as_ref().or(old.as_ref()).map(|spec| spec.birth);
            match spec {
                Some(spec) => _ = next.specs.insert(key, spec),
                None => _ = next.specs.remove(&key),
            }
            if cx.config().policies.keeps_health_with_replica() {
                let Image { specs, missed, .. } = &mut next;
                missed.retain(|missed| specs.contains_key(&Key::Replica(missed.replica)));
            }
            fact = birth.map(|birth| Fact::Stored { key, birth, status });
        }
        let done = ToAgent::WriteDone { epoch, revision, applied: !refused, stale: stale(&next) };
        self.commit(next, Some((to, done.into())), fact, cx);
    }

    fn commit(&mut self, next: Image, answer: Option<(Role, Msg)>, fact: Option<Fact>, cx: &mut Context<'_>) {
        self.save(Pending { image: Arc::new(next), news: vec![News { answer, fact }] }, cx);
    }

    fn save(&mut self, pending: Pending, cx: &mut Context<'_>) {
        cx.store(OpId(0), Write::Put(Record::Store(Arc::clone(&pending.image))));
        self.pending.push_back(pending);
    }

    fn stored(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let mut ended = self.pending.pop_front().expect("a write that ends was pending");
        match (outcome, self.pending.front_mut()) {
            (Ok(()), _) => {
                self.image = ended.image;
                for News { answer, fact } in ended.news {
                    if let Some(fact) = fact {
                        cx.fact(fact);
                    }
                    if let Some((to, answer)) = answer {
                        send(cx, to, answer);
                    }
                }
            }
            // What was built on it has it too.
            (Err(StoreError::Failed | StoreError::Unknown), Some(next)) => {
                ended.news.append(&mut next.news);
                next.news = ended.news;
            }
            (Err(StoreError::Failed | StoreError::Unknown), None) => self.save(ended, cx),
        }
    }
}

/// What the store has before anybody wrote to it.
fn first_image(cluster: &Cluster) -> Image {
    let pool = |(pool, node, size)| {
        let spec = Spec::creating(Birth::default(), Body::Pool { node, size }).created();
        (Key::Pool(pool), Arc::new(spec))
    };
    Image { specs: cluster.pools().map(pool).collect(), ..Image::default() }
}

fn granted(image: &Image, life: Incarnation) -> ToAgent {
    let specs = Arc::new(image.specs.iter().map(|(&key, spec)| (key, Arc::clone(spec))).collect());
    ToAgent::Granted { epoch: image.epoch, life, revision: image.revision.0, specs, stale: stale(image) }
}

/// The replicas that missed writes.
fn stale(image: &Image) -> Stale {
    Arc::new(image.missed.iter().map(|missed| missed.replica).collect())
}

#[cfg(test)]
mod tests {
    use quiesce_machine::{Effect, Node as _, NodeId, step};

    use super::super::{Config, Policies, Timing};
    use super::*;

    /// What a store says to the first agent that asks it for these leases, by life and the last epoch it led in.
    fn says(asked: &[(u32, u16)], last: ToStore) -> Vec<Msg> {
        let cluster = Cluster::new(1, 1, 1, false).unwrap();
        let config = Config { cluster, timing: Timing::default(), policies: Policies::hardened() };
        let (me, from) = (cluster.node(Role::Store), cluster.node(Role::Agent(0)));
        let mut store = Node::boot(me, &config);
        step(&mut store, me, &config, Event::Start { incarnation: Incarnation(1), records: Vec::new() });
        let leases = asked.iter().map(|&(life, after)| ToStore::Acquire { life: Incarnation(life), after });
        let mut said = Vec::new();
        for msg in leases.chain([last]) {
            said = says_to(&mut store, me, &config, Event::Deliver { from, msg: msg.into() });
            said.extend(says_to(&mut store, me, &config, Event::Stored { op: OpId(0), outcome: Ok(()) }));
        }
        said
    }

    fn says_to(store: &mut Node, me: NodeId, config: &Config, event: Event<Node>) -> Vec<Msg> {
        let stored = matches!(event, Event::Stored { .. });
        let idle = matches!(store, Node::Store(store) if store.pending.is_empty());
        if stored && idle {
            return Vec::new();
        }
        let effects = step(store, me, config, event).effects;
        effects
            .into_iter()
            .filter_map(|effect| if let Effect::Send { msg, .. } = effect { Some(msg) } else { None })
            .collect()
    }

    #[test]
    fn a_lease_has_an_epoch_no_less_than_the_life_it_is_given_to() {
        let granted = says(&[(1, 0)], ToStore::Acquire { life: Incarnation(4), after: 0 });
        assert!(matches!(granted[..], [Msg::ToAgent(ToAgent::Granted { epoch: 4, .. })]), "{granted:?}");
    }

    #[test]
    fn an_agent_with_a_later_lease_is_not_told_that_the_earlier_is_gone() {
        let late = ToStore::KeepAlive { epoch: 1 };
        assert_eq!(says(&[(1, 0), (2, 0)], late.clone()), []);
        assert_eq!(says(&[], late), [ToAgent::LeaseGone { epoch: 1 }.into()]);
    }
}
