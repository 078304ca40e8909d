//! What a client asks of all targets at once: to show, to stop, whether they may change, and waits on what they show.
//!
//! A wait polls through its gateway, with the next one if that does not answer. Idle is never taken for ended: a kind that
//! does not idle is refused at once, and one that does has to be found idle twice in a row.
//! Source: `reference/aistore-information-center.md` section 9, the snaps wait.

use std::sync::Arc;

use quiesce_machine::{CallId, Rename};

use super::{Client, Job, arm_request};
use crate::xaction::ask::{AskError, Condition, Everywhere, Question, SnapLine};
use crate::xaction::fact::Fact;
use crate::xaction::message::ToProxy;
use crate::xaction::policy::{GatewayDown, SnapsWait};
use crate::xaction::registry::{AbortFilter, Query};
use crate::xaction::timer::ClientTimer;
use crate::xaction::user::{Awaited, Errand, Reply};
use crate::xaction::{Context, DaemonId, Kind, XactId, mark, send};

/// An errand that has not been answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Open {
    errand: Errand,
    gateway: DaemonId,
    /// How many polls in a row have found the job idle.
    idle: u8,
}

/// How a poll of a wait found the job.
enum Found {
    NotYet,
    Met { aborted: bool },
}

impl Client {
    pub(super) fn errand(&mut self, call: CallId, errand: Errand, gateway: DaemonId, cx: &mut Context<'_>) {
        if let Errand::Wait { what: Awaited::Kind(kind), condition: Condition::Idle } = errand
            && !kind.descriptor().idles
        {
            return cx.reply(call, Reply::NeverIdles(kind));
        }
        cx.fact(Fact::ErrandBegan { call, errand });
        self.errands.insert(call, Open { errand, gateway, idle: 0 });
        self.ask_errand(call, cx);
    }

    /// Sends the errand's next request, or ends it where there is none to send.
    pub(super) fn ask_errand(&mut self, call: CallId, cx: &mut Context<'_>) {
        let Some(&Open { errand, gateway, .. }) = self.errands.get(&call) else { return };
        let named = match errand {
            Errand::Show { what: None, .. } | Errand::MayChange => Ok(None),
            Errand::Show { what: Some(what), .. } | Errand::Stop { what } | Errand::Wait { what, .. } => {
                self.named(what).map(Some)
            }
        };
        let question = match (errand, named) {
            (_, Err(Job::Starting)) => return cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first),
            (_, Err(Job::Failed | Job::Started(..))) => return self.errand_done(call, Reply::NotThere, cx),
            (Errand::Wait { condition: Condition::Idle, .. }, Ok(Some((_, kind)))) if !kind.descriptor().idles => {
                return self.errand_done(call, Reply::NeverIdles(kind), cx);
            }
            (Errand::MayChange, Ok(_)) => Question::MayChange,
            (Errand::Stop { .. }, Ok(named)) => Question::Stop(filter(named)),
            (Errand::Show { all, .. }, Ok(named)) => Question::Snaps { query: query(named), recent: !all },
            (Errand::Wait { .. }, Ok(named)) => Question::Snaps { query: query(named), recent: false },
        };
        send(cx, gateway, ToProxy::Ask { call, question: Arc::new(question) });
        arm_request(call, cx);
    }

    fn named(&self, what: Awaited) -> Result<(Option<XactId>, Kind), Job> {
        match what {
            Awaited::Kind(kind) => Ok((None, kind)),
            Awaited::Job(name) => match self.jobs.get(&name) {
                Some(&Job::Started(id, kind)) => Ok((Some(id), kind)),
                Some(&other) => Err(other),
                None => Err(Job::Failed),
            },
        }
    }

    pub(super) fn asked_everywhere(
        &mut self,
        call: CallId,
        result: Result<Everywhere, AskError>,
        cx: &mut Context<'_>,
    ) {
        let Some(open) = self.errands.get_mut(&call) else { return };
        cx.disarm(ClientTimer::Request(call).into());
        let reply = match (open.errand, result) {
            (Errand::Wait { condition, .. }, Ok(shown)) => {
                let found = met(condition, &shown, &mut open.idle, cx);
                return self.waited(call, condition, found, cx);
            }
            (Errand::Wait { condition: Condition::Started, .. }, Err(AskError::NotFound))
            | (Errand::Wait { .. } | Errand::MayChange, Err(AskError::Silent(_) | AskError::Conflict(_))) => {
                return cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first);
            }
            (Errand::Show { .. }, Ok(shown)) => Reply::Shown(lines(&shown).count()),
            (Errand::Stop { .. }, Ok(_)) => Reply::Stopped,
            (Errand::MayChange, Ok(_)) => Reply::MayChange,
            (Errand::Show { .. } | Errand::Stop { .. } | Errand::Wait { .. } | Errand::MayChange, Err(error)) => {
                Reply::AskFailed(error)
            }
        };
        self.errand_done(call, reply, cx);
    }

    fn waited(&mut self, call: CallId, condition: Condition, found: Found, cx: &mut Context<'_>) {
        match found {
            Found::NotYet => cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first),
            Found::Met { aborted } => self.errand_done(call, Reply::Met { condition, aborted }, cx),
        }
    }

    /// The gateway did not serve the request: the next one may.
    pub(super) fn errand_unserved(&mut self, call: CallId, cx: &mut Context<'_>) {
        let Some(open) = self.errands.get_mut(&call) else { return };
        cx.disarm(ClientTimer::Request(call).into());
        if cx.config().policies.gateway_down == GatewayDown::NextGateway {
            open.gateway = cx.config().cluster.next_proxy(open.gateway);
        }
        cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first);
    }

    fn errand_done(&mut self, call: CallId, reply: Reply, cx: &mut Context<'_>) {
        let Some(Open { errand, .. }) = self.errands.remove(&call) else { return };
        for timer in [ClientTimer::Request(call), ClientTimer::Poll(call)] {
            cx.disarm(timer.into());
        }
        let job = match errand {
            Errand::Wait { what, .. } => self.named(what).ok().and_then(|(id, _)| id),
            Errand::Show { .. } | Errand::Stop { .. } | Errand::MayChange => None,
        };
        cx.fact(Fact::ErrandDone { call, job, reply });
        cx.reply(call, reply);
    }
}

fn lines(shown: &Everywhere) -> impl Iterator<Item = &SnapLine> {
    shown.iter().flat_map(|(_, lines)| lines)
}

/// Whether the condition of a wait is met by what is shown.
fn met(condition: Condition, shown: &Everywhere, idle: &mut u8, cx: &mut Context<'_>) -> Found {
    let any = lines(shown).next().is_some();
    let all_ended = lines(shown).all(|line| line.end.is_some());
    let aborted = lines(shown).any(|line| line.aborted.is_some());
    let now_idle = any && lines(shown).all(|line| line.is_idle);
    *idle = if now_idle { idle.saturating_add(1).min(2) } else { 0 };
    let met = match condition {
        Condition::Finished => match cx.config().policies.snaps_wait {
            SnapsWait::OneTarget => lines(shown).next().is_some_and(|line| line.end.is_some()),
            SnapsWait::EveryTarget => any && all_ended,
        },
        Condition::NotRunning => all_ended,
        Condition::Started => any,
        Condition::Idle => *idle == 2,
    };
    if met && !all_ended {
        cx.reach(mark::WAIT_MET_WHILE_RUNNING);
    }
    if met { Found::Met { aborted } } else { Found::NotYet }
}

fn query(named: Option<(Option<XactId>, Kind)>) -> Query {
    match named {
        Some((Some(id), _)) => Query::id(id),
        Some((None, kind)) => Query { kind: Some(kind), ..Query::default() },
        None => Query::default(),
    }
}

fn filter(named: Option<(Option<XactId>, Kind)>) -> AbortFilter {
    match named {
        Some((Some(id), _)) => AbortFilter::Id(id),
        Some((None, kind)) => AbortFilter::Kind(kind),
        None => AbortFilter::All,
    }
}
