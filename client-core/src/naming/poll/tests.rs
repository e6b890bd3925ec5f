use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::time::sleep;

use super::*;

/// A server with answers, and a clock of when it was asked.
#[derive(Debug)]
struct Fake {
    started: Instant,
    followed: Mutex<Vec<(ServiceKey, Option<Brief>)>>,
    answers: Mutex<VecDeque<Result<Brief, Error>>>,
    asked: Mutex<Vec<u64>>,
}

fn key(name: &str) -> ServiceKey {
    ServiceKey::new("G", name).expect("legal names")
}

fn brief(last_ref_time: i64, empty: bool) -> Brief {
    Brief { last_ref_time, cache_time: Duration::from_secs(1), empty }
}

impl Fake {
    fn start(present: Option<Brief>, answers: Vec<Result<Brief, Error>>) -> (Arc<Self>, JoinSet<()>) {
        let fake = Arc::new(Self {
            started: Instant::now(),
            followed: Mutex::new(vec![(key("orders"), present)]),
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
        });
        let mut task = JoinSet::new();
        task.spawn(run(Arc::clone(&fake)));
        (fake, task)
    }

    fn seconds(&self) -> Vec<u64> {
        self.asked.lock().clone()
    }
}

impl Services for Fake {
    fn followed(&self) -> Vec<(ServiceKey, Option<Brief>)> {
        self.followed.lock().clone()
    }

    async fn ask(&self, _service: &ServiceKey) -> Result<Brief, Error> {
        self.asked.lock().push(self.started.elapsed().as_secs());
        let mut answers = self.answers.lock();
        if answers.len() > 1 { answers.pop_front().expect("more than one") } else { answers[0].clone() }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_is_asked_for_after_a_second_and_then_every_six_cache_times() {
    let (fake, _task) = Fake::start(None, vec![Ok(brief(1, false))]);
    sleep(Duration::from_secs(26)).await;
    assert_eq!(fake.seconds(), [1, 7, 13, 19, 25]);
}

#[tokio::test(start_paused = true)]
async fn empty_lists_and_failures_double_the_pause_up_to_a_minute() {
    let (fake, _task) = Fake::start(None, vec![Ok(brief(1, true))]);
    sleep(Duration::from_secs(250)).await;
    // 2, 4, 8, 16, 32, then 60 each.
    assert_eq!(fake.seconds(), [1, 3, 7, 15, 31, 63, 123, 183, 243]);
    let (fake, _task) = Fake::start(None, vec![Err(Error::timeout("slow").retryable(true))]);
    sleep(Duration::from_secs(70)).await;
    // A timeout has code 500, which counts twice: 4, 16, then 60.
    assert_eq!(fake.seconds(), [1, 5, 21]);
}

#[tokio::test(start_paused = true)]
async fn success_ends_the_back_off() {
    let failure = || Err(Error::unreachable("gone"));
    let (fake, _task) = Fake::start(None, vec![failure(), failure(), Ok(brief(1, false))]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(fake.seconds(), [1, 3, 7, 13, 19]);
}

#[tokio::test(start_paused = true)]
async fn while_pushes_come_nothing_is_asked() {
    let (fake, _task) = Fake::start(Some(brief(10, false)), vec![Ok(brief(10, false))]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(fake.seconds(), [1]);
    for stamp in 11..14 {
        fake.followed.lock()[0].1 = Some(brief(stamp, false));
        sleep(Duration::from_secs(6)).await;
    }
    assert_eq!(fake.seconds(), [1], "each look found a newer list");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(fake.seconds(), [1, 25], "no push came since the last look");
}

#[tokio::test(start_paused = true)]
async fn services_come_and_go() {
    let (fake, _task) = Fake::start(None, vec![Ok(brief(1, false))]);
    sleep(Duration::from_millis(1_500)).await;
    fake.followed.lock().push((key("pay"), None));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(fake.seconds(), [1, 3], "the new one is noticed within a second and asked for after another");
    fake.followed.lock().clear();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.seconds(), [1, 3]);
}
