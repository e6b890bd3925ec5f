//! The queue, in order and under many orders of its threads.

mod sync {
    pub(crate) use shuttle::sync::{Condvar, Mutex};
}
#[path = "../src/queue.rs"]
#[allow(dead_code, unreachable_pub)]
mod queue;

use std::time::Duration;

use queue::{Item, Queue};
use shuttle::{sync::Arc, sync::atomic::AtomicU32, sync::atomic::Ordering, thread};

/// Longer than any schedule; the scheduler reports a drain that nobody wakes as a deadlock.
const LONG: Duration = Duration::from_secs(3600);
const SCHEDULES: usize = 3_000;

fn drained(queue: &Queue<u32>) -> Vec<Item<u32>> {
    queue.drain(256, Duration::ZERO).expect("the queue has not ended")
}

#[test]
fn an_event_comes_once_until_it_is_done() {
    shuttle::check_random(
        || {
            let queue = Queue::<u32>::default();
            queue.add(7);
            queue.notify(7);
            assert_eq!(drained(&queue), [], "not armed yet");
            queue.arm(7);
            queue.notify(7);
            assert_eq!(drained(&queue), [Item::Event(7)]);
            queue.notify(7);
            queue.notify(7);
            assert_eq!(drained(&queue), [], "the listener is still at it");
            queue.done(7);
            assert_eq!(drained(&queue), [Item::Event(7)], "what came meanwhile is one event");
            queue.done(7);
            assert_eq!(drained(&queue), []);
            queue.notify(7);
            queue.remove(7);
            assert_eq!(drained(&queue), [], "removed before it was drained");
            queue.notify(7);
            queue.done(7);
            assert_eq!(drained(&queue), []);
        },
        1,
    );
}

#[test]
fn a_drain_takes_no_more_than_asked_and_leaves_nobody_out() {
    shuttle::check_random(
        || {
            let queue = Queue::default();
            queue.add(1);
            queue.arm(1);
            queue.notify(1);
            (0..5).for_each(|number| queue.answer(number));
            let first = queue.drain(3, LONG);
            assert_eq!(first, Some(vec![Item::Answer(0), Item::Answer(1), Item::Event(1)]));
            queue.end();
            assert_eq!(queue.drain(3, LONG), Some(vec![Item::Answer(2), Item::Answer(3), Item::Answer(4)]));
            assert_eq!(queue.drain(3, LONG), None);
        },
        1,
    );
}

/// Two threads answer and one notifies while another drains: each answer arrives once, in the order of its thread, and
/// after the last notification there is one more event.
#[test]
fn nothing_is_lost_whatever_the_order() {
    shuttle::check_random(
        || {
            let queue = Arc::new(Queue::default());
            let newest = Arc::new(AtomicU32::new(0));
            queue.add(9);
            queue.arm(9);
            let answering = [10_u32, 20].map(|base| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || (base..base + 3).for_each(|number| queue.answer(number)))
            });
            let notifying = {
                let (queue, newest) = (Arc::clone(&queue), Arc::clone(&newest));
                thread::spawn(move || {
                    for value in 1..=3 {
                        newest.store(value, Ordering::SeqCst);
                        queue.notify(9);
                    }
                })
            };
            let (mut answers, mut taken) = (Vec::new(), 0);
            while answers.len() < 6 || taken < 3 {
                for item in queue.drain(2, LONG).expect("the queue has not ended") {
                    match item {
                        Item::Answer(number) => answers.push(number),
                        Item::Event(9) => {
                            taken = newest.load(Ordering::SeqCst);
                            queue.done(9);
                        }
                        Item::Event(other) => panic!("nobody notified {other}"),
                    }
                }
            }
            for base in [10, 20] {
                let of_one: Vec<u32> = answers.iter().copied().filter(|number| number / 10 == base / 10).collect();
                assert_eq!(of_one, [base, base + 1, base + 2]);
            }
            answering.into_iter().chain([notifying]).for_each(|thread| thread.join().unwrap());
        },
        SCHEDULES,
    );
}

/// A listener that is done while a notification comes is told again, and never runs beside itself.
#[test]
fn a_slow_listener_gets_the_last_value() {
    shuttle::check_random(
        || {
            let queue = Arc::new(Queue::<u32>::default());
            let (newest, running) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
            queue.add(1);
            let producer = {
                let (queue, newest) = (Arc::clone(&queue), Arc::clone(&newest));
                thread::spawn(move || {
                    for value in 1..=3 {
                        newest.store(value, Ordering::SeqCst);
                        queue.notify(1);
                    }
                })
            };
            queue.arm(1);
            let mut last = 0;
            let mut listeners = Vec::new();
            let seen = Arc::new(AtomicU32::new(0));
            while last < 3 {
                for item in queue.drain(8, LONG).expect("the queue has not ended") {
                    assert_eq!(item, Item::Event(1));
                    let (queue, newest, running, seen) =
                        (Arc::clone(&queue), Arc::clone(&newest), Arc::clone(&running), Arc::clone(&seen));
                    listeners.push(thread::spawn(move || {
                        assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "beside itself");
                        seen.fetch_max(newest.load(Ordering::SeqCst), Ordering::SeqCst);
                        running.fetch_sub(1, Ordering::SeqCst);
                        queue.done(1);
                        queue.wake();
                    }));
                }
                last = seen.load(Ordering::SeqCst);
            }
            producer.join().unwrap();
            listeners.into_iter().for_each(|thread| thread.join().unwrap());
        },
        SCHEDULES,
    );
}

#[test]
fn the_end_reaches_a_waiting_drain() {
    shuttle::check_random(
        || {
            let queue = Arc::new(Queue::<u32>::default());
            let ending = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    queue.answer(1);
                    queue.end();
                })
            };
            let mut answers = 0;
            while let Some(items) = queue.drain(1, LONG) {
                answers += items.len();
            }
            assert_eq!(answers, 1);
            ending.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn a_host_that_does_not_wait_is_told_once_per_empty_drain() {
    shuttle::check_random(
        || {
            let queue = Arc::new(Queue::<u32>::default());
            let told = Arc::new(AtomicU32::new(0));
            queue.answer(1);
            let counted = Arc::clone(&told);
            queue.on_ready(std::sync::Arc::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
            }));
            assert_eq!(told.load(Ordering::SeqCst), 1, "there was something already");
            queue.answer(2);
            assert_eq!(told.load(Ordering::SeqCst), 1, "it has not looked yet");
            assert_eq!(drained(&queue).len(), 2);
            let other = Arc::clone(&queue);
            let answering = thread::spawn(move || other.answer(3));
            // What comes around a drain is either in it or told.
            let seen = drained(&queue).len();
            answering.join().unwrap();
            assert_eq!(seen + told.load(Ordering::SeqCst) as usize, 2);
            while !drained(&queue).is_empty() {}
            let before = told.load(Ordering::SeqCst);
            queue.wake();
            assert_eq!(told.load(Ordering::SeqCst), before + 1);
            assert_eq!(drained(&queue), []);
            queue.forget_ready();
            queue.answer(4);
            assert_eq!(told.load(Ordering::SeqCst), before + 1);
        },
        SCHEDULES,
    );
}
