//! What a watch has told so far, and whether that is as a case expects it.

use std::{pin::Pin, time::Duration};

use futures::{Stream, StreamExt as _};
use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    matcher::{matches, shown},
    model::ExpectEvents,
};

pub(crate) type Events = Pin<Box<dyn Stream<Item = Value> + Send>>;

/// Takes events as they come. Dropping it cancels the watch.
pub(crate) struct Recorder {
    told: watch::Receiver<Vec<Value>>,
    task: JoinHandle<()>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Recorder {
    pub(crate) fn new(mut events: Events) -> Self {
        let (sender, told) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                sender.send_modify(|told| told.push(event));
            }
            // The stream may end, what it has told stays.
            sender.closed().await;
        });
        Self { told, task }
    }

    /// Cancels the watch; what it has told can still be looked at.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    pub(crate) async fn expect(&self, expected: &ExpectEvents, slack: u32) -> Result<(), String> {
        let within = |ms: u64| Instant::now() + Duration::from_millis(ms) * slack;
        match expected {
            ExpectEvents::Last { last, within_ms } => {
                let look = |told: &[Value]| match told.last() {
                    Some(event) => matches(last, event),
                    None => Err("no event".to_owned()),
                };
                self.until(look, within(*within_ms)).await
            }
            ExpectEvents::Eventually { eventually, within_ms } => {
                let look = |told: &[Value]| match told.iter().any(|event| matches(eventually, event).is_ok()) {
                    true => Ok(()),
                    false => Err(format!("no event matches {}", shown(eventually))),
                };
                self.until(look, within(*within_ms)).await
            }
            ExpectEvents::Never { never, for_ms } => {
                let seen = self.told.borrow().len();
                let deadline = Instant::now() + Duration::from_millis(*for_ms);
                let look = |told: &[Value]| match told[seen..].iter().find(|event| matches(never, event).is_ok()) {
                    Some(event) => Ok(event.clone()),
                    None => Err(String::new()),
                };
                match self.until(look, deadline).await {
                    Ok(event) => Err(format!("an event that must not come: {}", shown(&event))),
                    Err(_) => Ok(()),
                }
            }
            ExpectEvents::Order { order, within_ms } => {
                self.until(|told| in_order(order, told), within(*within_ms)).await
            }
        }
    }

    /// Looks after each event until it is as wanted; the last complaint otherwise.
    async fn until<T>(&self, look: impl Fn(&[Value]) -> Result<T, String>, deadline: Instant) -> Result<T, String> {
        let mut told = self.told.clone();
        loop {
            let complaint = match look(&told.borrow_and_update()) {
                Ok(found) => return Ok(found),
                Err(complaint) => complaint,
            };
            match timeout_at(deadline, told.changed()).await {
                Ok(Ok(())) => {}
                // Cancelled: nothing more comes, but the time has to pass for those who wait for nothing.
                Ok(Err(_)) => {
                    tokio::time::sleep_until(deadline).await;
                    return Err(format!("the watch has ended; {complaint}"));
                }
                Err(_) => {
                    let told = told.borrow();
                    let last: Vec<String> = told.iter().rev().take(3).map(shown).collect();
                    return Err(format!("{complaint}\n  {} events, newest first: {}", told.len(), last.join("\n    ")));
                }
            }
        }
    }
}

/// Each event matches one of `order` at or behind that of the event before, and the newest the last of them.
fn in_order(order: &[Value], told: &[Value]) -> Result<(), String> {
    let mut at = 0;
    for event in told {
        match order[at..].iter().position(|step| matches(step, event).is_ok()) {
            Some(further) => at += further,
            None => return Err(format!("out of order: {}", shown(event))),
        }
    }
    if !told.is_empty() && at + 1 == order.len() { Ok(()) } else { Err(format!("only up to number {at}")) }
}

#[test]
fn order_lets_events_be_skipped_but_not_go_back() {
    use serde_json::json;

    let order = [json!(1), json!(2), json!(3)];
    assert!(in_order(&order, &[json!(1), json!(3)]).is_ok());
    assert!(in_order(&order, &[json!(3)]).is_ok());
    assert!(in_order(&order, &[json!(2), json!(1), json!(3)]).is_err());
    assert!(in_order(&order, &[json!(1), json!(2)]).is_err());
    assert!(in_order(&order, &[]).is_err());
}
