//! Every fault of the network makes the difference it is named for, and no other.

use quiesce_machine::{Delay, NodeId, Time};
use quiesce_sim::{Action, FaultKind, Ratio};

use crate::puppet::{A, B, C, Op, PuppetPlan, Tell, heard, ms, plan, play, told};

fn notes(to: NodeId, ids: impl IntoIterator<Item = u32>) -> impl Iterator<Item = Op> {
    ids.into_iter().map(move |id| Op::Note(to, id))
}

/// The ids that node b heard.
fn ids(plan: &PuppetPlan) -> Vec<u32> {
    heard(plan).iter().filter_map(|word| word.strip_prefix('b')?.parse().ok()).collect()
}

#[test]
fn a_message_takes_the_latency_of_its_link() {
    let mut plan = plan().tell(1, A, [Op::Note(B, 1), Op::Note(C, 2)]).tell(100, B, [Op::Note(A, 3)]);
    assert_eq!(
        told(&plan, 1),
        ["2 b got 1 from n0, heard 1", "2 c got 2 from n0, heard 1", "101 a got 3 from n1, heard 1"]
    );
    plan.network.links.insert((A, B), Delay::from(ms(50)));
    assert_eq!(
        told(&plan, 1),
        ["2 c got 2 from n0, heard 1", "51 b got 1 from n0, heard 1", "101 a got 3 from n1, heard 1"]
    );
}

#[test]
fn latency_is_drawn_from_its_range_for_each_message() {
    let mut plan = plan().tell(0, A, notes(B, 0..200));
    plan.network.latency = Delay::from(ms(10)..ms(19));
    let (_, trace) = play(&plan, 1);
    let times: Vec<u64> = trace.entries.iter().filter(|entry| entry.peer == Some(A)).map(|entry| entry.at.0).collect();
    assert_eq!(times.len(), 200);
    assert!(times.iter().all(|time| (10_000_000..=19_000_000).contains(time)));
    assert!(times.iter().any(|&time| time < 11_000_000) && times.iter().any(|&time| time > 18_000_000));
}

#[test]
fn what_a_node_sends_itself_arrives_within_the_instant_and_is_never_lost() {
    let mut plan = plan().tell(5, A, [Op::Note(A, 1), Op::Say(2)]);
    plan.network.loss = Ratio::ONE;
    plan.network.duplicate = Ratio::ONE;
    assert_eq!(told(&plan, 1), ["5 a said 2", "5 a got 1 from n0, heard 1"]);
}

#[test]
fn random_loss_loses_its_share_and_counts_it() {
    let mut plan = plan().tell(1, A, notes(B, 0..1000));
    assert_eq!(told(&plan, 1).len(), 1000);
    plan.network.loss = Ratio::new(1, 4).unwrap();
    let (outcome, _) = play(&plan, 1);
    let [loss] = &outcome.faults[..] else { panic!("{:?}", outcome.faults) };
    assert_eq!((loss.kind, loss.step, loss.planned, loss.site.as_str()), (FaultKind::RandomLoss, None, 1000, "1/4"));
    assert!((200..300).contains(&loss.affected), "{loss:?}");
    assert_eq!(told(&plan, 1).len() as u64, 1000 - loss.affected);
}

#[test]
fn random_duplication_delivers_again_after_a_latency_of_its_own() {
    let mut plan = plan().tell(1, A, notes(B, 0..100));
    plan.network.duplicate = Ratio::ONE;
    plan.network.latency = Delay::from(ms(1)..ms(500));
    let lines = told(&plan, 1);
    let mut twice = ids(&plan);
    twice.sort_unstable();
    assert_eq!(twice, (0..100).flat_map(|id| [id, id]).collect::<Vec<_>>());
    let times = |id: u32| lines.iter().filter(move |line| line.contains(&format!("got {id} "))).map(|line| &line[..4]);
    assert!((0..100).filter(|&id| times(id).min() != times(id).max()).count() > 90);
}

#[test]
fn random_reordering_lets_later_messages_overtake() {
    let mut plan = plan().tell(1, A, notes(B, 0..100));
    assert_eq!(ids(&plan), (0..100).collect::<Vec<_>>());
    plan.network.reorder = Ratio::new(1, 2).unwrap();
    plan.network.reorder_delay = Delay::from(ms(30));
    let (held, ids) = (play(&plan, 1).0.faults[0].affected as usize, ids(&plan));
    assert!((35..65).contains(&held) && !ids.is_sorted(), "{held}, {ids:?}");
    let (first, last) = ids.split_at(100 - held);
    assert!(first.is_sorted() && last.is_sorted());
    assert!(told(&plan, 1)[100 - held].starts_with("32 b got"), "held back for exactly as long as stated");
}

#[test]
fn a_random_fault_moves_no_draw_of_another() {
    let mut calm = plan().tell(1, A, notes(B, 0..100));
    calm.network.latency = Delay::from(ms(1)..ms(500));
    let mut lossy = calm.clone();
    lossy.network.loss = Ratio::new(1, 4).unwrap();
    let arrivals = |plan: &PuppetPlan| -> Vec<(Time, String)> {
        let (_, trace) = play(plan, 1);
        let arrived = trace.entries.into_iter().filter(|entry| entry.node == Some(B) && entry.peer == Some(A));
        arrived.map(|entry| (entry.at, entry.text)).collect()
    };
    let (all, some) = (arrivals(&calm), arrivals(&lossy));
    assert!(some.len() < all.len() && some.iter().all(|arrival| all.contains(arrival)));

    let duplicates = |plan: &PuppetPlan| play(plan, 1).0.faults.last().cloned().unwrap();
    lossy.network.duplicate = Ratio::new(1, 4).unwrap();
    let both = duplicates(&lossy);
    let ruled = duplicates(&lossy.act(0, Action::Duplicate { label: "note".into(), from: None, to: None, count: 9 }));
    assert_eq!((both.kind, both.applied), (ruled.kind, ruled.applied));
}

/// At that time everybody talks to everybody: a to b is message 1, a to c 2, b to a 3, b to c 4, c to a 5, c to b 6.
fn talk(plan: PuppetPlan, at: u64) -> PuppetPlan {
    let plan = plan.tell(at, A, [Op::Note(B, 1), Op::Note(C, 2)]);
    plan.tell(at, B, [Op::Note(A, 3), Op::Note(C, 4)]).tell(at, C, [Op::Note(A, 5), Op::Note(B, 6)])
}

const EVERYTHING: [&str; 6] = ["b1", "c2", "a3", "c4", "a5", "b6"];

/// How often the only fault struck, and how many messages it touched.
fn counts(plan: &PuppetPlan) -> (FaultKind, String, u64, u64, u64) {
    let (outcome, _) = play(plan, 1);
    let [fault] = &outcome.faults[..] else { panic!("{:?}", outcome.faults) };
    (fault.kind, fault.site.clone(), fault.planned, fault.applied, fault.affected)
}

#[test]
fn a_partition_stands_between_its_groups_and_nobody_else() {
    assert_eq!(heard(&talk(plan(), 100)), EVERYTHING);
    let parted = talk(plan().act(50, Action::Partition { groups: vec![vec![A], vec![B]] }), 100);
    assert_eq!(heard(&parted), ["c2", "c4", "a5", "b6"]);
    assert_eq!(counts(&parted), (FaultKind::Partition, "a | b".to_owned(), 1, 1, 2));
    let isolated = talk(plan().act(50, Action::Partition { groups: vec![vec![A, C], vec![B]] }), 100);
    assert_eq!(heard(&isolated), ["c2", "a5"]);
}

#[test]
fn partitions_add_up_and_heal_together() {
    let both = plan()
        .act(50, Action::Partition { groups: vec![vec![A], vec![B]] })
        .act(50, Action::Partition { groups: vec![vec![A], vec![C]] });
    assert_eq!(heard(&talk(both.clone(), 100)), ["c4", "b6"]);
    assert_eq!(heard(&talk(both.act(100, Action::Heal), 100)), EVERYTHING);
}

#[test]
fn a_cut_is_one_way() {
    let cut = talk(plan().act(50, Action::Cut { from: A, to: B }), 100);
    assert_eq!(heard(&cut), ["c2", "a3", "c4", "a5", "b6"]);
    assert_eq!(counts(&cut), (FaultKind::Cut, "a -> b".to_owned(), 1, 1, 1));
}

#[test]
fn what_is_on_its_way_when_a_link_is_cut_still_arrives() {
    let mut plan = plan().tell(100, A, [Op::Note(B, 1)]).act(105, Action::Cut { from: A, to: B });
    plan.network.latency = Delay::from(ms(10));
    assert_eq!(heard(&plan), ["b1"]);
}

#[test]
fn the_end_of_the_phase_under_fire_heals_the_network() {
    let late = |plan: PuppetPlan, after: u64| heard(&plan.tell(0, A, [Op::Later(Delay::from(ms(after)), B, 1)]));
    let mut lossy = plan();
    lossy.network.loss = Ratio::ONE;
    let fires = [
        plan().act(0, Action::Partition { groups: vec![vec![A], vec![B]] }),
        plan().act(0, Action::Cut { from: A, to: B }),
        plan().act(0, Action::Lose { label: "note".into(), from: None, to: None, count: 9 }),
        lossy,
    ];
    for fire in fires {
        assert_eq!(late(fire.clone(), 9_999), [""; 0], "{fire:?}");
        assert_eq!(late(fire.clone(), 10_000), ["b1"], "{fire:?}");
    }
    let mut twice = plan();
    twice.network.duplicate = Ratio::ONE;
    assert_eq!((late(twice.clone(), 9_999), late(twice, 10_000)), (vec!["b1".into(); 2], vec!["b1".into()]));
}

#[test]
fn a_rule_loses_the_next_messages_that_match_and_no_others() {
    let lose = |label: &str, from, to, count| Action::Lose { label: label.into(), from, to, count };
    let hit = |action| heard(&talk(talk(plan().act(50, action), 100), 200));
    let all: Vec<&str> = EVERYTHING.into_iter().chain(EVERYTHING).collect();
    let without = |lost: &[usize]| -> Vec<&str> {
        all.iter().enumerate().filter(|(index, _)| !lost.contains(index)).map(|(_, heard)| *heard).collect()
    };
    assert_eq!(hit(lose("note", None, None, 2)), without(&[0, 1]));
    assert_eq!(hit(lose("note", Some(B), None, 3)), without(&[2, 3, 8]));
    assert_eq!(hit(lose("note", None, Some(A), 1)), without(&[2]));
    assert_eq!(hit(lose("note", Some(C), Some(B), 9)), without(&[5, 11]));
    assert_eq!(hit(lose("ping", None, None, 9)), all);
    let counted = talk(plan().act(50, lose("note", Some(C), Some(B), 9)), 100);
    assert_eq!(counts(&counted), (FaultKind::Lose, "note c -> b".to_owned(), 9, 1, 1));
}

#[test]
fn a_rule_delivers_the_next_messages_twice() {
    let double = Action::Duplicate { label: "note".into(), from: Some(A), to: None, count: 1 };
    let doubled = talk(plan().act(50, double), 100);
    assert_eq!(heard(&doubled), ["b1", "b1", "c2", "a3", "c4", "a5", "b6"]);
    assert_eq!(counts(&doubled), (FaultKind::Duplicate, "note a -> *".to_owned(), 1, 1, 1));
}

#[test]
fn a_rule_holds_back_the_next_messages() {
    let delay = Action::Delay { label: "note".into(), from: None, to: Some(C), count: 1, by: ms(30) };
    let delayed = talk(plan().act(50, delay), 100);
    assert_eq!(heard(&delayed), ["b1", "a3", "c4", "a5", "b6", "c2"]);
    assert!(told(&delayed, 1).contains(&"131 c got 2 from n0, heard 2".to_owned()));
    assert_eq!(counts(&delayed), (FaultKind::Delay, "note * -> c".to_owned(), 1, 1, 1));
}

#[test]
fn healing_removes_what_is_left_of_rules_and_cuts() {
    let healed = plan()
        .act(50, Action::Cut { from: B, to: A })
        .act(50, Action::Lose { label: "note".into(), from: None, to: None, count: 99 })
        .act(100, Action::Heal);
    assert_eq!(heard(&talk(healed, 100)), EVERYTHING);
}

#[test]
fn a_message_that_is_cut_off_uses_up_no_rule() {
    let plan = plan()
        .act(50, Action::Cut { from: A, to: B })
        .act(50, Action::Lose { label: "note".into(), from: None, to: None, count: 1 });
    assert_eq!(heard(&talk(plan, 100)), ["a3", "c4", "a5", "b6"]);
}
