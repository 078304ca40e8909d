//! A question to every target at once, and their answers as one.
//! Source: `reference/aistore-http-api.md` sections 4, 6 and 10.

use std::collections::BTreeMap;
use std::sync::Arc;

use quiesce_machine::{CallId, Rename};

use super::Proxy;
use crate::xaction::ask::{AskError, Question, SnapLine};
use crate::xaction::daemons::Daemons;
use crate::xaction::message::{ToClient, ToTarget};
use crate::xaction::timer::GatewayTimer;
use crate::xaction::{Context, DaemonId, send};

/// A question that not every target has answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Fan {
    question: Arc<Question>,
    silent: Daemons,
    answers: BTreeMap<DaemonId, Vec<SnapLine>>,
    /// Whether some target has what is named, if something is named.
    found: bool,
}

impl Proxy {
    /// Asks every active target; a client that asks again has its question asked again.
    pub(super) fn fan_out(&mut self, client: DaemonId, call: CallId, question: Arc<Question>, cx: &mut Context<'_>) {
        let silent: Daemons = self.membership.map().targets().collect();
        for target in silent.iter() {
            send(cx, target, ToTarget::Asked { client, call, question: Arc::clone(&question) });
        }
        cx.arm(GatewayTimer::Fan(client, call).into(), cx.config().timing.max_keepalive);
        self.fans.insert((client, call), Fan { question, silent, answers: BTreeMap::new(), found: false });
        self.fan_in(client, call, cx);
    }

    pub(super) fn fan_answered(
        &mut self,
        (client, call): (DaemonId, CallId),
        target: DaemonId,
        answer: Result<Arc<Vec<SnapLine>>, AskError>,
        cx: &mut Context<'_>,
    ) {
        let Some(fan) = self.fans.get_mut(&(client, call)) else { return };
        fan.silent.remove(target);
        match answer {
            Ok(lines) => {
                fan.found = true;
                fan.answers.insert(target, lines.to_vec());
            }
            Err(AskError::NotFound) => (),
            Err(error) => return self.fan_done(client, call, Some(error), cx),
        }
        self.fan_in(client, call, cx);
    }

    /// A target is down: it has nothing that could be stopped, but nobody knows what it would show.
    pub(super) fn fan_refused(&mut self, client: DaemonId, call: CallId, target: DaemonId, cx: &mut Context<'_>) {
        let Some(fan) = self.fans.get(&(client, call)) else { return };
        match *fan.question {
            Question::Stop(_) => self.fan_answered((client, call), target, Ok(Arc::default()), cx),
            Question::Snaps { .. } | Question::MayChange => {
                self.fan_done(client, call, Some(AskError::Silent(target)), cx);
            }
        }
    }

    /// Somebody has not answered in time. A stop is repeated until everybody has.
    pub(super) fn fan_over(&mut self, client: DaemonId, call: CallId, cx: &mut Context<'_>) {
        let Some(fan) = self.fans.get(&(client, call)) else { return };
        match (&*fan.question, fan.silent.first()) {
            (Question::Stop(_), Some(_)) => {
                for target in fan.silent.iter() {
                    send(cx, target, ToTarget::Asked { client, call, question: Arc::clone(&fan.question) });
                }
                cx.arm(GatewayTimer::Fan(client, call).into(), cx.config().timing.max_keepalive);
            }
            (_, Some(silent)) => self.fan_done(client, call, Some(AskError::Silent(silent)), cx),
            (_, None) => self.fan_done(client, call, None, cx),
        }
    }

    fn fan_in(&mut self, client: DaemonId, call: CallId, cx: &mut Context<'_>) {
        if self.fans[&(client, call)].silent.is_empty() {
            self.fan_done(client, call, None, cx);
        }
    }

    fn fan_done(&mut self, client: DaemonId, call: CallId, error: Option<AskError>, cx: &mut Context<'_>) {
        let Some(fan) = self.fans.remove(&(client, call)) else { return };
        cx.disarm(GatewayTimer::Fan(client, call).into());
        let nowhere = !fan.found && names_one(&fan.question);
        let result = match error {
            Some(error) => Err(error),
            None if nowhere => Err(AskError::NotFound),
            None => Ok(Arc::new(fan.answers.into_iter().collect())),
        };
        send(cx, client, ToClient::AskAnswer { call, result });
    }
}

/// Whether nothing found is an error: only where one xaction is named to be shown.
fn names_one(question: &Question) -> bool {
    matches!(question, Question::Snaps { query, .. } if !query.ids.is_empty())
}
