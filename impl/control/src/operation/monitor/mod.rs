//! The properties of this plane, one per file.

use quiesce_machine::{NodeId, Observation, View};

use super::{CorrelationId, Fact, Node, Operation, ProcessId, Row};

crate::monitors! {
    #[derive(quiesce_machine::Rename)]
    Node;
    one_operation_at_a_time::OneOperationAtATime,
    effect_only_if_committed::EffectOnlyIfCommitted,
    terminal_is_absorbing::TerminalIsAbsorbing,
    accepted_operations_terminate::AcceptedOperationsTerminate,
    webhook_effect_at_most_once::WebhookEffectAtMostOnce,
    readiness_agrees::ReadinessAgrees,
    no_accepted_operation_lost::NoAcceptedOperationLost,
    failed_delete_never_deletes::FailedDeleteNeverDeletes,
    fenced_completion::FencedCompletion,
    outcome_is_kept::OutcomeIsKept,
    definitive_failure_stops::DefinitiveFailureStops,
    retries_wait::RetriesWait,
    live_record_kept::LiveRecordKept,
    no_false_busy::NoFalseBusy,
    timeout_implies_attempt::TimeoutImpliesAttempt,
    failure_means_not_done::FailureMeansNotDone,
    success_means_done::SuccessMeansDone,
    plan_frozen::PlanFrozen,
    one_request_one_operation::OneRequestOneOperation,
    heard_location_is_used::HeardLocationIsUsed,
    calls_return::CallsReturn,
}

mod hearing;
mod running;

/// The fact that was stated, and by whom; `None` for what is not a fact.
fn stated<'a>(seen: &Observation<'a, Node>) -> Option<(NodeId, &'a Fact)> {
    match *seen {
        Observation::Fact { by, fact } => Some((by, fact)),
        Observation::Started { .. } | Observation::Crashed { .. } => None,
    }
}

/// The controller whose memory is gone: it died, or stepped down.
fn forgot(seen: &Observation<'_, Node>) -> Option<NodeId> {
    match *seen {
        Observation::Crashed { node, .. } => Some(node),
        Observation::Fact { by, fact: Fact::LeaseLost } => Some(by),
        Observation::Fact { .. } | Observation::Started { .. } => None,
    }
}

/// Whether the director's database is gone, and with it what was accepted.
fn database_lost(seen: &Observation<'_, Node>, view: &dyn View<Node>) -> bool {
    records_lost(seen, view, ProcessId::Director)
}

/// Whether that process lost its records in a crash.
fn records_lost(seen: &Observation<'_, Node>, view: &dyn View<Node>, process: ProcessId) -> bool {
    let process = view.config().cluster.node(process);
    matches!(*seen, Observation::Crashed { node, records_lost: true } if node == process)
}

/// The rows, while the director is up.
fn rows(view: &dyn View<Node>) -> Vec<&Row> {
    match view.node(view.config().cluster.node(ProcessId::Director)) {
        Some(Node::Director(director)) => view.config().apps().filter_map(|(app, _)| director.row(app)).collect(),
        Some(Node::ApiServer(_) | Node::Tenant(_) | Node::Controller(_) | Node::User(_)) | None => Vec::new(),
    }
}

/// The record of a row's application; `None` while the API server is down.
fn record<'a>(view: &'a dyn View<Node>, row: &Row) -> Option<Option<&'a Operation>> {
    match view.node(view.config().cluster.node(ProcessId::ApiServer)) {
        Some(Node::ApiServer(server)) => Some(server.record(row.app)),
        Some(Node::Director(_) | Node::Tenant(_) | Node::Controller(_) | Node::User(_)) | None => None,
    }
}

/// The operation that is owed under that number, among those known.
fn by_key<'a>(ops: impl IntoIterator<Item = &'a CorrelationId>, key: u64) -> CorrelationId {
    *ops.into_iter().find(|op| op.key() == key).expect("what is owed is known")
}

/// What the tests of these properties need: a cluster that stands still, and histories of facts.
#[cfg(test)]
mod testing {
    use quiesce_machine::{CallId, Event, Incarnation, Node as _, OpId, step};

    use super::*;
    use crate::monitor::Property;
    use crate::operation::{
        App, AppId, Behaviour, Cluster, Config, Msg, Mutation, Outcome, Policies, Reason, Timing, ToDirector,
    };

    pub(super) const APP: AppId = AppId(0);
    pub(super) const OP: CorrelationId = op(0);
    pub(super) const OP2: CorrelationId = op(1);
    pub(super) const FAILED: Outcome = Err(Reason::Reported);

    pub(super) const DIRECTOR: ProcessId = ProcessId::Director;
    pub(super) const TENANT: ProcessId = ProcessId::Tenant;
    pub(super) const O1: ProcessId = ProcessId::Controller(0);
    pub(super) const O2: ProcessId = ProcessId::Controller(1);
    pub(super) const U1: ProcessId = ProcessId::User(0);

    pub(super) const fn op(call: u32) -> CorrelationId {
        CorrelationId { user: 0, life: Incarnation(1), call: CallId(call) }
    }

    /// One application without a webhook, two controllers, one user; all up.
    pub(super) struct Still {
        config: Config,
        nodes: Vec<Option<Node>>,
    }

    impl Still {
        pub(super) fn new() -> Self {
            Self::of(None)
        }

        /// As [`new`](Self::new), and the application has a webhook.
        pub(super) fn with_webhook() -> Self {
            Self::of(Some(PLAN))
        }

        fn of(webhook: Option<crate::operation::Webhook>) -> Self {
            let app = App { exists: true, webhook, behaviour: Behaviour::default() };
            let cluster = Cluster::new(2, 1).unwrap();
            let policies = Policies::hardened();
            let config = Config { cluster, apps: vec![app], timing: Timing::default(), policies };
            let nodes = cluster.processes().map(|process| Some(Node::boot(cluster.node(process), &config))).collect();
            let mut still = Still { config, nodes };
            for process in cluster.processes() {
                still.step(process, Event::Start { incarnation: Incarnation(1), records: Vec::new() });
            }
            still
        }

        pub(super) fn step(&mut self, process: ProcessId, event: Event<Node>) {
            let node = self.config.cluster.node(process);
            step(self.nodes[node.index()].as_mut().unwrap(), node, &self.config, event);
        }

        pub(super) fn deliver(&mut self, to: ProcessId, msg: impl Into<Msg>) {
            let from = self.config.cluster.node(U1);
            self.step(to, Event::Deliver { from, msg: msg.into() });
        }

        /// Has the director accept [`OP`], an unpairing.
        pub(super) fn accept(&mut self) {
            self.deliver(
                DIRECTOR,
                ToDirector::Mutate { op: OP, app: APP, mutation: Mutation::Unpair, sync: false, readable: true },
            );
            self.step(DIRECTOR, Event::Stored { op: OpId(0), outcome: Ok(()) });
        }

        /// Has the director complete [`OP`].
        pub(super) fn complete(&mut self, outcome: Outcome) {
            let (app, op, number, mutation) = (APP, OP, Some(1), Mutation::Unpair);
            self.deliver(DIRECTOR, ToDirector::PutOperation { app, op, number, mutation, outcome });
            self.step(DIRECTOR, Event::Stored { op: OpId(0), outcome: Ok(()) });
        }

        /// Has the API server store the record of what the director's row is busy with.
        pub(super) fn schedule(&mut self) {
            let spec = *rows(self)[0].running().expect("an operation runs");
            let spec = std::sync::Arc::new(spec);
            self.deliver(ProcessId::ApiServer, crate::operation::ToApiServer::CreateOperation { spec });
            self.step(ProcessId::ApiServer, Event::Stored { op: OpId(0), outcome: Ok(()) });
        }

        /// Tells a property a history; the evidence of the first violation.
        pub(super) fn tell<P: Property<Node>>(
            &self,
            property: &mut P,
            history: &[(ProcessId, Fact)],
        ) -> Result<(), String> {
            history.iter().try_for_each(|(by, fact)| {
                let by = self.config.cluster.node(*by);
                property.observe(&Observation::Fact { by, fact }, self)
            })
        }

        pub(super) fn crash<P: Property<Node>>(&self, property: &mut P, process: ProcessId, records_lost: bool) {
            let node = self.config.cluster.node(process);
            property.observe(&Observation::Crashed { node, records_lost }, self).unwrap();
        }

        pub(super) fn owed<P: Property<Node>>(&self, property: &P) -> Vec<String> {
            let mut owed = Vec::new();
            property.owed(self, &mut |obligation| owed.push(property.describe(obligation, self)));
            owed
        }
    }

    impl View<Node> for Still {
        fn config(&self) -> &Config {
            &self.config
        }

        fn node_count(&self) -> u32 {
            u32::try_from(self.nodes.len()).unwrap()
        }

        fn node(&self, id: NodeId) -> Option<&Node> {
            self.nodes[id.index()].as_ref()
        }

        fn name(&self, id: NodeId) -> String {
            self.config.cluster.process(id).to_string()
        }
    }

    pub(super) fn accepted(op: CorrelationId) -> (ProcessId, Fact) {
        (DIRECTOR, Fact::OperationAccepted { op, app: APP, mutation: Mutation::Unregister })
    }

    pub(super) fn completed(op: CorrelationId, outcome: Outcome) -> (ProcessId, Fact) {
        (DIRECTOR, Fact::OperationCompleted { op, current: Some(op), app: APP, outcome })
    }

    pub(super) fn ended(op: CorrelationId, outcome: Outcome) -> (ProcessId, Fact) {
        (O1, Fact::OperationEnded { op, outcome })
    }

    pub(super) const fn done(op: CorrelationId) -> (ProcessId, Fact) {
        (TENANT, Fact::WebhookEffect { job: crate::operation::JobId { op, attempt: 0 } })
    }

    pub(super) fn called(by: ProcessId, op: CorrelationId) -> (ProcessId, Fact) {
        (by, Fact::WebhookCalled { op, plan: PLAN, ended: false })
    }

    pub(super) const PLAN: crate::operation::Webhook =
        crate::operation::Webhook { mode: crate::operation::Mode::Async, timeout: None, retry_interval: None };
}
