//! Which messages can do nothing any more, whenever they come: answers to questions that are over, words about a map that
//! everybody here has left behind.
//!
//! Only the model checker asks, and holds every role to its word ([`quiesce_machine::Node::ignores`]). What a crash could
//! make matter again, since what was known is not durable yet, is not past.

use quiesce_machine::Event;

use super::membership::ClusterMsg;
use super::message::{Msg, ToClient, ToProxy, ToTarget};
use super::policy::StartDelivery;
use super::{Config, Node};

/// Whether an event can do nothing at this node any more.
pub(super) fn is_past(node: &Node, event: &Event<Node>, config: &Config) -> bool {
    match (node, event) {
        (Node::Proxy(_) | Node::Target(_), Event::Bounce { msg, .. }) => is_lost_for_good(node, msg, config),
        (Node::Client(client), Event::Deliver { msg: Msg::ToClient(msg), .. }) => match *msg {
            ToClient::StartAnswer { call, .. }
            | ToClient::StatusAnswer { call, .. }
            | ToClient::AdminAnswer { call, .. } => client.is_through_with(call),
            ToClient::Redirect { .. }
            | ToClient::StatusesAnswer { .. }
            | ToClient::AskAnswer { .. }
            | ToClient::ListAnswer { .. }
            | ToClient::WorkDone { .. }
            | ToClient::BucketAnswer { .. } => false,
        },
        (Node::Target(target), Event::Deliver { msg, .. }) => match msg {
            Msg::Cluster(msg) => target.membership().is_past(msg, config),
            Msg::ToTarget(ToTarget::NotifyDone { job }) => target.has_told(*job, config),
            Msg::ToTarget(_) | Msg::ToProxy(_) | Msg::ToClient(_) | Msg::Rebalance(_) => false,
        },
        (Node::Proxy(proxy), Event::Deliver { msg, .. }) => match msg {
            Msg::Cluster(msg) => proxy.membership().is_past(msg, config),
            Msg::ToProxy(ToProxy::WatchDone { by, .. }) => proxy.membership().has_outgrown(*by),
            Msg::ToProxy(ToProxy::StarterAnswer { starting: true, .. }) => true,
            Msg::ToProxy(ToProxy::MergeTable { by, .. } | ToProxy::Pruned { by, .. } | ToProxy::Sealed { by, .. }) => {
                proxy.ic().has_outgrown(*by, config)
            }
            Msg::ToProxy(_) | Msg::ToTarget(_) | Msg::ToClient(_) | Msg::Rebalance(_) => false,
        },
        _ => false,
    }
}

/// Whether a daemon does nothing about a message of its own that found its peer down: it was only telling, or asks again.
fn is_lost_for_good(node: &Node, msg: &Msg, config: &Config) -> bool {
    let cluster = |msg: &ClusterMsg| {
        !matches!(msg, ClusterMsg::VoteInit { .. } | ClusterMsg::VoteRequest { .. } | ClusterMsg::Forwarded { .. })
    };
    match (node, msg) {
        (_, Msg::Cluster(msg)) => cluster(msg),
        (Node::Target(_), msg) => !matches!(msg, Msg::ToTarget(ToTarget::Relay { .. })),
        (_, Msg::ToTarget(ToTarget::StartXact { .. })) => {
            config.policies.start_delivery == StartDelivery::UntilAnswered
        }
        (_, Msg::ToTarget(ToTarget::Asked { .. })) => false,
        (_, Msg::ToProxy(msg)) => !matches!(
            msg,
            ToProxy::WatchXaction { .. }
                | ToProxy::RoutedStatus { .. }
                | ToProxy::PullTable { .. }
                | ToProxy::StarterProbe { .. }
        ),
        (_, Msg::ToTarget(_) | Msg::ToClient(_) | Msg::Rebalance(_)) => true,
    }
}
