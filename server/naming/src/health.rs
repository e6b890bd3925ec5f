//! Health checks of persistent instances: one task plans them, each check is a short connection, and only so many are
//! open at once. What a check finds reaches the log only when the shown health changes.

mod mysql;
mod probe;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use self::probe::{Finding, Probe};
use crate::{
    model::{Address, HealthChecker, ServiceKey},
    registry::Registry,
    shard::{Operation, Owner},
    stats::CheckStats,
    switches::{CheckTimes, Switches},
};

/// How often it is looked whether there are other instances to check.
const LOOK: Duration = Duration::from_secs(1);
/// A new instance is checked after this time and a part of the longest one.
const FIRST: u64 = 2_000;

type TargetKey = (ServiceKey, Address);

/// How many checks of each kind were begun.
#[derive(Debug, Default)]
pub(crate) struct CheckFigures {
    tcp: AtomicU64,
    http: AtomicU64,
    mysql: AtomicU64,
}

impl CheckFigures {
    fn count(&self, checker: &HealthChecker) {
        let kind = match checker {
            HealthChecker::Tcp => &self.tcp,
            HealthChecker::Http { .. } => &self.http,
            HealthChecker::Mysql { .. } => &self.mysql,
            HealthChecker::None => return,
        };
        kind.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> CheckStats {
        let load = |kind: &AtomicU64| kind.load(Ordering::Relaxed);
        CheckStats { tcp: load(&self.tcp), http: load(&self.http), mysql: load(&self.mysql) }
    }
}

/// One instance that is checked.
#[derive(Clone, Debug, PartialEq)]
struct Target {
    /// Milliseconds to the next check, as far as former answers tell.
    pause: f64,
    /// Whether a check is under way; otherwise the target is due at some time.
    is_checked: bool,
    good: u32,
    bad: u32,
}

#[derive(Default)]
struct Plan {
    targets: HashMap<TargetKey, Target>,
    /// When to check whom; a target is here, or under way.
    due: BTreeMap<(Instant, u64), TargetKey>,
    count: u64,
}

impl Plan {
    fn add(&mut self, when: Instant, key: TargetKey) {
        self.count += 1;
        self.due.insert((when, self.count), key);
    }
}

/// What becomes of a target's shown health.
fn judge(target: &mut Target, finding: Finding, is_healthy: bool, check_times: u32) -> Option<bool> {
    match finding {
        Finding::Good => {
            target.bad = 0;
            target.good = target.good.saturating_add(1);
            let flips = !is_healthy && target.good >= check_times;
            flips.then_some(true)
        }
        Finding::Bad | Finding::Dead => {
            target.good = 0;
            target.bad = target.bad.saturating_add(1);
            let flips = is_healthy && (finding == Finding::Dead || target.bad >= check_times);
            flips.then_some(false)
        }
    }
}

/// The time to the next check: what the answers took, smoothed.
fn next_pause(pause: f64, finding: Finding, took: Duration, times: CheckTimes) -> f64 {
    let took = match finding {
        Finding::Good => took.as_secs_f64() * 1000.0,
        Finding::Bad => 2.0 * pause,
        Finding::Dead => times.max as f64,
    };
    let next = times.factor * pause + (1.0 - times.factor) * took;
    next.max(times.min as f64).min(times.max.max(times.min) as f64)
}

fn times_of(switches: &Switches, checker: &HealthChecker) -> CheckTimes {
    match checker {
        HealthChecker::Http { .. } => switches.http_health_params,
        HealthChecker::Mysql { .. } => switches.mysql_health_params,
        _ => switches.tcp_health_params,
    }
}

impl Registry {
    /// Checks persistent instances, for ever.
    pub(crate) async fn check_health(self: Arc<Self>) {
        if self.settings.health_checks_at_once == 0 {
            return;
        }
        let mut plan = Plan::default();
        let mut running: JoinSet<(TargetKey, Finding, Duration)> = JoinSet::new();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            let next = plan.due.keys().next().map(|(when, _)| *when);
            let has_room = running.len() < self.settings.health_checks_at_once;
            tokio::select! {
                _ = look.tick() => self.plan(&mut plan, &mut seen),
                Some(done) = running.join_next() => {
                    if let Ok((key, finding, took)) = done {
                        self.found(&mut plan, key, finding, took);
                    }
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() && has_room => {
                    self.start_checks(&mut plan, &mut running);
                }
            }
        }
    }

    /// Takes up instances that are new and forgets those that are gone.
    fn plan(&self, plan: &mut Plan, seen: &mut Option<Vec<u64>>) {
        let revisions: Vec<u64> = self.shards.iter().map(|shard| shard.machine.revision()).collect();
        if seen.as_ref() == Some(&revisions) {
            return;
        }
        *seen = Some(revisions);
        let present: HashSet<TargetKey> = self.shards.iter().flat_map(|shard| shard.machine.all_persistent()).collect();
        plan.targets.retain(|key, _| present.contains(key));
        plan.due.retain(|_, key| present.contains(key));
        let spread = self.switches.now().tcp_health_params.max.max(1);
        for key in present {
            if plan.targets.contains_key(&key) {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            let first = FIRST + hasher.finish() % spread;
            plan.targets.insert(key.clone(), Target { pause: first as f64, is_checked: false, good: 0, bad: 0 });
            plan.add(Instant::now() + Duration::from_millis(first), key);
        }
    }

    fn start_checks(&self, plan: &mut Plan, running: &mut JoinSet<(TargetKey, Finding, Duration)>) {
        let switches = self.switches.now();
        let now = Instant::now();
        while running.len() < self.settings.health_checks_at_once {
            let Some(entry) = plan.due.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let key = entry.remove();
            let (service, address) = &key;
            let Some(check) = self.shard(service).machine.check_of(service, address) else {
                // It is gone; if it comes back, the next look takes it up as new.
                plan.targets.remove(&key);
                continue;
            };
            let is_on = switches.health_check_enabled
                || switches.health_check_white_list.iter().any(|name| name == service.grouped_name());
            let is_unchecked = check.metadata.health_checker == HealthChecker::None;
            if !is_on || is_unchecked {
                plan.add(now + Duration::from_millis(switches.tcp_health_params.max), key);
                continue;
            }
            let port = if check.metadata.use_instance_port { address.port } else { check.metadata.check_port };
            let Some(target) = plan.targets.get_mut(&key) else { continue };
            target.is_checked = true;
            self.checks.count(&check.metadata.health_checker);
            let probe = Probe::new(&address.ip, port, check.metadata.health_checker);
            running.spawn(async move {
                let started = Instant::now();
                // A defect in a probe must not end the checks of its target.
                let finding = AssertUnwindSafe(probe.run()).catch_unwind().await.unwrap_or(Finding::Bad);
                (key, finding, started.elapsed())
            });
        }
    }

    fn found(&self, plan: &mut Plan, key: TargetKey, finding: Finding, took: Duration) {
        // One that went and came back meanwhile is planned already.
        let Some(target) = plan.targets.get_mut(&key).filter(|target| target.is_checked) else { return };
        target.is_checked = false;
        let (service, address) = &key;
        let shard = self.shard(service);
        let Some(check) = shard.machine.check_of(service, address) else {
            plan.targets.remove(&key);
            return;
        };
        let switches = self.switches.now();
        target.pause = next_pause(target.pause, finding, took, times_of(&switches, &check.metadata.health_checker));
        let is_frozen = !switches.auto_change_health_check_enabled
            // The checker was switched off while the check was under way.
            || check.metadata.health_checker == HealthChecker::None;
        if let Some(healthy) = judge(target, finding, check.is_healthy, switches.check_times).filter(|_| !is_frozen) {
            tracing::info!(
                service = service.grouped_name(),
                ip = &*address.ip,
                port = address.port,
                healthy,
                "health changed"
            );
            let owner = Owner::Persistent(address.clone());
            shard.batcher.enqueue(Operation::SetHealth { service: service.clone(), owner, healthy });
        }
        let next = Instant::now() + Duration::from_millis(target.pause as u64);
        plan.add(next, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        IdPolicy, NewInstance, Settings,
        model::ClusterMetadata,
        testing::{Rig, service},
    };

    #[tokio::test(start_paused = true)]
    async fn checks_are_counted_by_their_kind() {
        let rig = Rig::with(Settings::default(), 1).await;
        let nobody = NewInstance { cluster: Some("DEFAULT".into()), ..NewInstance::at("127.0.0.1", 1) };
        rig.register_persistent(&service("s"), nobody, IdPolicy::Generate).await.expect("accepted");
        let counts = || {
            let CheckStats { tcp, http, mysql } = rig.stats().checks;
            [tcp, http, mysql]
        };
        assert_eq!(counts(), [0; 3]);
        let checkers = [
            HealthChecker::Tcp,
            HealthChecker::Http { path: "/".into(), headers: String::new(), expected_response_code: 200 },
            HealthChecker::Mysql { user: None, password: None, command: None },
        ];
        for (kind, health_checker) in checkers.into_iter().enumerate() {
            let before = counts();
            let metadata = ClusterMetadata { health_checker, ..ClusterMetadata::default() };
            rig.update_cluster(&service("s"), "DEFAULT", metadata).await.expect("known");
            // Longer than the first check and any later one may be away.
            tokio::time::sleep(Duration::from_secs(15)).await;
            let after = counts();
            for other in 0..3 {
                assert_eq!(after[other] > before[other], other == kind, "{before:?} {after:?}");
            }
        }
        let metadata = ClusterMetadata { health_checker: HealthChecker::None, ..ClusterMetadata::default() };
        rig.update_cluster(&service("s"), "DEFAULT", metadata).await.expect("known");
        let before = counts();
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!(counts(), before, "nothing is checked any more");
    }

    fn target() -> Target {
        Target { pause: 2_000.0, is_checked: false, good: 0, bad: 0 }
    }

    #[test]
    fn three_in_a_row_flip_and_a_refusal_at_once() {
        let mut one = target();
        assert_eq!(judge(&mut one, Finding::Bad, true, 3), None);
        assert_eq!(judge(&mut one, Finding::Bad, true, 3), None);
        assert_eq!(judge(&mut one, Finding::Good, true, 3), None, "the count begins anew");
        for _ in 0..2 {
            assert_eq!(judge(&mut one, Finding::Bad, true, 3), None);
        }
        assert_eq!(judge(&mut one, Finding::Bad, true, 3), Some(false));
        assert_eq!(judge(&mut one, Finding::Bad, false, 3), None, "it is down already");
        assert_eq!(judge(&mut target(), Finding::Dead, true, 3), Some(false));
        for expected in [None, None, Some(true)] {
            assert_eq!(judge(&mut one, Finding::Good, false, 3), expected);
        }
    }

    #[test]
    fn pauses_follow_the_answers_within_their_limits() {
        let times = CheckTimes { max: 5_000, min: 1_000, factor: 0.75 };
        let quick = Duration::from_millis(4);
        assert_eq!(next_pause(2_000.0, Finding::Good, quick, times), 1_501.0);
        assert_eq!(next_pause(1_000.0, Finding::Good, quick, times), 1_000.0);
        assert_eq!(next_pause(2_000.0, Finding::Bad, quick, times), 2_500.0);
        assert_eq!(next_pause(4_900.0, Finding::Bad, quick, times), 5_000.0);
        assert_eq!(next_pause(2_000.0, Finding::Dead, quick, times), 2_750.0);
    }
}
