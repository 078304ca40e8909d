//! What changes make of a map, and whom it makes what.

use quiesce_machine::Incarnation;

use super::*;

const P1: DaemonId = DaemonId::Proxy(0);
const P2: DaemonId = DaemonId::Proxy(1);
const P3: DaemonId = DaemonId::Proxy(2);
const T1: DaemonId = DaemonId::Target(0);
const T2: DaemonId = DaemonId::Target(1);

/// Three proxies, two of them members of the Information Center, and two targets.
fn map() -> Smap {
    Smap::deployed(&Cluster::new(3, 2, 1, 2).unwrap(), &BTreeSet::new(), &BTreeSet::new())
}

fn changed(map: &Smap, change: impl FnOnce(&mut Draft)) -> Smap {
    let mut draft = map.draft();
    change(&mut draft);
    draft.publish()
}

#[test]
fn a_cluster_is_deployed_without_those_on_standby() {
    let map = Smap::deployed(&Cluster::new(2, 2, 1, 1).unwrap(), &BTreeSet::from([T2]), &BTreeSet::from([P2]));
    assert_eq!(map.to_string(), "v1 p1*(ic) p2(non-electable) t1");
    assert_eq!(map.targets().collect::<Vec<_>>(), [T1]);
}

#[test]
fn every_change_counts_one_version_and_none_counts_none() {
    let map = map();
    assert_eq!(changed(&map, |draft| draft.set(T1, Flags::MAINTENANCE)).version().count, 2);
    assert_eq!(changed(&map, |draft| draft.clear(T1, Flags::MAINTENANCE)).version().count, 1);
    let gone = changed(&map, |draft| draft.remove(T2));
    assert_eq!(gone.version().count, 2);
    assert_eq!(changed(&gone, |draft| draft.remove(T2)), gone);
}

#[test]
fn a_member_in_maintenance_takes_part_in_nothing() {
    let map = changed(&map(), |draft| draft.set(P2, Flags::MAINTENANCE));
    assert!(map.contains(P2) && !map.is_active(P2) && !map.is_ic(P2));
    assert_eq!(map.heir(&BTreeSet::new()), Some(P3));
}

#[test]
fn staffing_fills_up_with_active_electable_proxies() {
    let map = changed(&map(), |draft| draft.set(P2, Flags::MAINTENANCE));
    let staffed = |inactive| changed(&map, |draft| draft.staff_ic(2, inactive)).to_string();
    assert_eq!(staffed(true), "v3 p1*(ic) p2(ic, maintenance) p3 t1 t2");
    assert_eq!(staffed(false), "v3 p1*(ic) p2(maintenance) p3(ic) t1 t2");
}

#[test]
fn a_new_primary_is_staffed_and_makes_one_too_many() {
    let mut draft = map().draft();
    draft.crown(P3, 1, 100);
    draft.staff_ic(2, false);
    assert_eq!(draft.ic_surplus(2), [P1, P2]);
    assert_eq!(draft.publish().version(), Version { term: 1, count: 102 });
}

#[test]
fn the_next_primary_is_neither_the_present_one_nor_one_passed_over() {
    let map = map();
    let first = map.heir(&BTreeSet::new()).unwrap();
    let second = map.heir(&BTreeSet::from([first])).unwrap();
    assert!(first != P1 && second != P1 && first != second);
    assert_eq!(map.heir(&BTreeSet::from([first, second])), None);
}

#[test]
fn half_of_the_active_members_is_no_majority() {
    let map = changed(&map(), |draft| draft.set(T2, Flags::MAINTENANCE));
    assert!(!map.is_majority(&BTreeSet::from([P1, P2, T2])));
    assert!(map.is_majority(&BTreeSet::from([P1, P2, T1])));
}

#[test]
fn a_daemon_that_comes_back_is_told_apart_from_one_that_stayed() {
    let map = map();
    let back = changed(&changed(&map, |draft| draft.send_away(T1)), |draft| draft.add(T1, Flags::NONE));
    assert_ne!(back.member(T1).unwrap().since, map.member(T1).unwrap().since);
    assert!(!back.has_left(T1));
    assert_eq!(back.member(T2), map.member(T2));
}

#[test]
fn jobs_spread_over_the_members() {
    let map = Smap::deployed(&Cluster::new(3, 1, 1, 3).unwrap(), &BTreeSet::new(), &BTreeSet::new());
    let heaviest = |number| map.hrw_ic(XactId::minted(DaemonId::Client(0), Incarnation(1), number));
    for member in map.ic() {
        let served = (0..300).filter(|&number| heaviest(number) == Some(member)).count();
        assert!((70..130).contains(&served), "{member} serves {served} of 300");
    }
}

#[test]
fn equal_maps_have_equal_digests_and_others_do_not() {
    assert_eq!(map().0.digest, map().0.digest);
    assert_ne!(map().0.digest, changed(&map(), |draft| draft.remove(T1)).0.digest);
}
