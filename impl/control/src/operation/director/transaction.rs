//! What a request does to a row: the concurrency check, the mutation or completion, and what is answered.

use quiesce_machine::{CallId, NodeId, Rename};

use super::super::Context;
use super::super::fact::Fact;
use super::super::id::{AppId, CorrelationId};
use super::super::mark;
use super::super::message::{ToController, ToUser};
use super::super::policy::Completion;
use super::super::record::{Mutation, Outcome, Spec};
use super::super::resource::{Concurrent, Row};
use super::super::user::Mutated;
use super::super::webhook::Webhook;

/// A request that changes a row, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Wanted {
    pub(super) from: NodeId,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) enum What {
    Mutate { op: CorrelationId, mutation: Mutation, sync: bool, readable: bool },
    Put { op: CorrelationId, number: Option<u32>, mutation: Mutation, outcome: Outcome },
    Edit { call: CallId, webhook: Option<Webhook> },
}

/// Why a request changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A mutation is answered like this; a completion with 500.
    Answer(Mutated),
    /// The completion is of an operation that has ended, and how.
    Ended(Outcome),
}

impl Wanted {
    pub(super) fn is_put(&self) -> bool {
        matches!(self.what, What::Put { .. })
    }

    /// Whether an operation is scheduled for it.
    pub(super) fn is_operation(&self) -> bool {
        matches!(self.what, What::Mutate { sync: false, .. })
    }

    /// The request behind it.
    pub(super) fn op(&self) -> Option<CorrelationId> {
        match self.what {
            What::Mutate { op, .. } | What::Put { op, .. } => Some(op),
            What::Edit { .. } => None,
        }
    }

    /// What the row becomes.
    pub(super) fn prepare(&self, row: &Row, cx: &Context<'_>) -> Result<Row, Refusal> {
        let mut row = row.clone();
        match self.what {
            What::Mutate { op, mutation, sync, readable } => mutate(&mut row, op, mutation, sync, readable, cx)?,
            What::Put { number, mutation, outcome, .. } => complete(&mut row, number, mutation, outcome, cx)?,
            What::Edit { webhook, .. } => row.webhook = webhook,
        }
        Ok(row)
    }

    /// Answers a request that changes nothing.
    pub(super) fn refuse(&self, app: AppId, refusal: Refusal, cx: &mut Context<'_>) {
        match refusal {
            Refusal::Answer(Mutated::Accepted | Mutated::Done) => cx.reach(mark::ANSWERED_AGAIN),
            Refusal::Ended(_) => cx.reach(mark::FENCED),
            Refusal::Answer(Mutated::Rejected(_) | Mutated::Refused | Mutated::Internal | Mutated::Silent) => (),
        }
        match (self.what, refusal) {
            (What::Mutate { op, .. }, Refusal::Answer(mutated)) => {
                if matches!(mutated, Mutated::Rejected(_)) {
                    cx.fact(Fact::MutationRejected { op, app });
                }
                cx.send(self.from, ToUser::MutationAnswer { op, mutated }.into());
            }
            (What::Put { op, outcome: told, .. }, Refusal::Ended(recorded)) => {
                cx.send(self.from, ToController::OperationPut { op, told, recorded }.into());
            }
            (What::Put { op, outcome: told, .. }, Refusal::Answer(_)) => {
                cx.send(self.from, ToController::PutFailed { op, told }.into());
            }
            (What::Mutate { .. }, Refusal::Ended(_)) | (What::Edit { .. }, _) => (),
        }
    }

    /// Answers a request whose change is durable, and states it.
    pub(super) fn done(&self, row: &Row, cx: &mut Context<'_>) {
        let app = row.app;
        match self.what {
            What::Mutate { op, mutation, sync, .. } => {
                let (fact, mutated) = if sync {
                    (Fact::MutationCommitted { op, app, mutation }, Mutated::Done)
                } else {
                    (Fact::OperationAccepted { op, app, mutation }, Mutated::Accepted)
                };
                cx.fact(fact);
                cx.send(self.from, ToUser::MutationAnswer { op, mutated }.into());
            }
            What::Put { op, outcome, .. } => {
                let current = row.operation.map(|spec| spec.op);
                cx.fact(Fact::OperationCompleted { op, current, app, outcome });
                cx.send(self.from, ToController::OperationPut { op, told: outcome, recorded: outcome }.into());
            }
            What::Edit { .. } => (),
        }
    }
}

fn mutate(
    row: &mut Row,
    op: CorrelationId,
    mutation: Mutation,
    sync: bool,
    readable: bool,
    cx: &Context<'_>,
) -> Result<(), Refusal> {
    let policies = &cx.config().policies;
    if policies.knows_repeats() && row.requests.contains(&op) {
        return Err(Refusal::Answer(if sync { Mutated::Done } else { Mutated::Accepted }));
    }
    if mutation == Mutation::Register {
        let unused = !row.exists && row.requests.is_empty();
        return if unused { apply(row, op, mutation, sync, readable, cx) } else { refused() };
    }
    if !row.exists {
        return refused();
    }
    row.check().map_err(|rule: Concurrent| Refusal::Answer(Mutated::Rejected(rule)))?;
    apply(row, op, mutation, sync, readable, cx)
}

fn refused() -> Result<(), Refusal> {
    Err(Refusal::Answer(Mutated::Refused))
}

fn apply(
    row: &mut Row,
    op: CorrelationId,
    mutation: Mutation,
    sync: bool,
    readable: bool,
    cx: &Context<'_>,
) -> Result<(), Refusal> {
    row.requests.insert(op);
    if sync {
        row.change(mutation, cx.stamp());
        return Ok(());
    }
    let number = cx.config().policies.has_outbox().then_some(row.number + 1);
    let plan = row.webhook.filter(|_| mutation != Mutation::Update);
    let spec = Spec { app: row.app, number, mutation, op, webhooks: u8::from(plan.is_some()), plan, readable };
    row.begin(mutation, spec, cx.stamp());
    Ok(())
}

fn complete(
    row: &mut Row,
    number: Option<u32>,
    mutation: Mutation,
    outcome: Outcome,
    cx: &Context<'_>,
) -> Result<(), Refusal> {
    let policies = &cx.config().policies;
    if let (Completion::Fenced, Some(number)) = (policies.completion, number) {
        match number.cmp(&row.number) {
            std::cmp::Ordering::Less => return Err(Refusal::Ended(outcome)),
            std::cmp::Ordering::Greater => return Err(Refusal::Answer(Mutated::Internal)),
            std::cmp::Ordering::Equal => row.outcome.map_or(Ok(()), |ended| Err(Refusal::Ended(ended)))?,
        }
    } else if !row.exists {
        return Err(Refusal::Answer(Mutated::Internal));
    }
    row.complete(mutation, outcome, policies.deleted_at, cx.stamp());
    Ok(())
}
