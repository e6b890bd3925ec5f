//! Asking again for followed services, in case pushes are lost. Off unless it is asked for.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::debug;

use crate::{error::Error, names::ServiceKey};

/// Pause before the first question, and after an empty list or a failure.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How many times the server's idea of a list's worth it is kept.
const TIMES: u32 = 6;
const MOST_FAILURES: u32 = 6;
/// New services are noticed after this time at the latest.
const LOOK: Duration = Duration::from_secs(1);
/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// What a list says that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) last_ref_time: i64,
    pub(crate) cache_time: Duration,
    pub(crate) empty: bool,
}

/// Who has the services and can ask for them.
pub(crate) trait Services: Send + Sync + 'static {
    /// The services that are followed, with their present lists.
    fn followed(&self) -> Vec<(ServiceKey, Option<Brief>)>;

    /// Asks the server for a service and takes the list.
    fn ask(&self, service: &ServiceKey) -> impl Future<Output = Result<Brief, Error>> + Send;
}

#[derive(Debug)]
struct Plan {
    at: Instant,
    /// Being asked right now.
    asking: bool,
    failures: u32,
    seen: i64,
}

/// Asks until it is dropped.
pub(crate) async fn run(services: Arc<impl Services>) {
    let mut plans: HashMap<ServiceKey, Plan> = HashMap::new();
    let mut asking = JoinSet::new();
    loop {
        let now = Instant::now();
        let followed: HashMap<_, _> = services.followed().into_iter().collect();
        plans.retain(|service, _| followed.contains_key(service));
        for service in followed.keys() {
            let fresh = || Plan { at: now + FIRST, asking: false, failures: 0, seen: i64::MIN };
            plans.entry(service.clone()).or_insert_with(fresh);
        }
        for (service, plan) in &mut plans {
            let due = !plan.asking && plan.at <= now;
            if !due || asking.len() >= AT_ONCE {
                continue;
            }
            match followed.get(service).copied().flatten() {
                // A push came since the last look: pushes work, there is nothing to ask.
                Some(brief) if brief.last_ref_time > plan.seen && plan.seen != i64::MIN => {
                    plan.seen = brief.last_ref_time;
                    plan.at = now + plan.pause(Some(brief));
                }
                _ => {
                    plan.asking = true;
                    let (services, service) = (Arc::clone(&services), service.clone());
                    asking.spawn(async move {
                        let answer = services.ask(&service).await;
                        (service, answer)
                    });
                }
            }
        }
        let waiting = plans.values().filter(|plan| !plan.asking).map(|plan| plan.at).min();
        // With all places taken, whatever is due waits for an answer.
        let next = waiting.filter(|_| asking.len() < AT_ONCE).unwrap_or(now + LOOK).min(now + LOOK);
        let answered = timeout_at(next, async {
            match asking.join_next().await {
                Some(answered) => answered.ok(),
                None => {
                    sleep_until(next).await;
                    None
                }
            }
        });
        if let Ok(Some((service, answer))) = answered.await
            && let Some(plan) = plans.get_mut(&service)
        {
            plan.note(&service, answer);
        }
    }
}

impl Plan {
    fn note(&mut self, service: &ServiceKey, answer: Result<Brief, Error>) {
        self.asking = false;
        let brief = match answer {
            Ok(brief) => {
                self.seen = self.seen.max(brief.last_ref_time);
                self.failures = if brief.empty { self.failures + 1 } else { 0 };
                (!brief.empty).then_some(brief)
            }
            Err(error) => {
                debug!(%service, %error, "cannot ask for the service");
                // A server in trouble is asked less often.
                self.failures += if error.code() == nacre_proto::code::FAILURE { 2 } else { 1 };
                None
            }
        };
        self.at = Instant::now() + self.pause(brief);
    }

    /// The base, doubled with each failure.
    fn pause(&self, brief: Option<Brief>) -> Duration {
        let base = brief.map_or(FIRST, |brief| brief.cache_time.max(Duration::from_millis(1)) * TIMES);
        base.saturating_mul(1 << self.failures.min(MOST_FAILURES)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests;
