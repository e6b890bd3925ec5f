use std::{task::Wake, time::Duration};

use nacre_consensus::{Applied, StateBatch, StateMachine};

use super::*;
use crate::{
    command::{ConfigCommand, PublishCommand, RemoveCommand},
    request::{Origin, Publish, Target},
};

/// Frames as text: request id, key, tenant.
struct TextEncoder;

impl Encoder for TextEncoder {
    fn notify(&self, request_id: u64, key: &ConfigKey, tenant: Option<&str>) -> Bytes {
        format!("{request_id} {} {}", key.data_id(), tenant.unwrap_or("-")).into()
    }
}

/// What listeners and polls of a test share, and the task that tells them.
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    index: AtomicU64,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) fn new(settings: Settings) -> Self {
        let machine = Arc::new(ConfigMachine::new(&settings));
        let request_ids = Arc::new(AtomicU64::new(0));
        let notices = Arc::new(Notices { encoder: Arc::new(TextEncoder), request_ids });
        let hub = machine.hub().clone();
        let task = tokio::spawn(hub.clone().run(notices.clone()));
        let shared = Arc::new(Shared {
            machine,
            hub,
            notices,
            settings,
            metrics: Arc::default(),
            last_listener: AtomicU64::new(1),
        });
        Self { shared, index: AtomicU64::new(0), task }
    }

    fn apply(&self, command: &ConfigCommand) {
        let index = self.index.fetch_add(1, Ordering::Relaxed);
        self.shared.machine.apply(Applied { index, stamp: index }, command, &mut StateBatch::default());
    }

    pub(crate) fn publish(&self, key: &ConfigKey, content: &str) {
        self.publish_to(key, content, Target::Formal);
    }

    pub(crate) fn publish_to(&self, key: &ConfigKey, content: &str, target: Target) {
        let mut request = Publish::new(key.clone(), content);
        request.target = target;
        self.apply(&ConfigCommand::Publish(Box::new(PublishCommand::new(request, 10))));
    }

    pub(crate) fn remove(&self, key: &ConfigKey, gray: Option<&str>) {
        let gray = gray.map(str::to_owned);
        self.apply(&ConfigCommand::Remove(RemoveCommand { key: key.clone(), gray, origin: Origin::default() }));
    }
}

pub(crate) fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new("", "G", data_id)
}

fn on<'a>(key: &'a ConfigKey, tenant: Option<&'a str>) -> [Listen<'a>; 1] {
    [Listen { key, tenant, md5: Some("") }]
}

fn labels() -> Labels {
    Labels::new("10.0.0.1")
}

async fn next(listener: &Listener) -> Option<String> {
    let frame = std::future::poll_fn(|cx| listener.poll_notify(cx)).await?;
    Some(String::from_utf8(frame.to_vec()).unwrap())
}

/// The next frame within a time; the time of a test costs nothing.
async fn within(listener: &Listener, seconds: u64) -> Option<String> {
    tokio::time::timeout(Duration::from_secs(seconds), next(listener)).await.ok().flatten()
}

fn id(frame: &str) -> u64 {
    frame.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_listen_answers_what_differs_and_echoes_positions() {
    let server = Server::new(Settings::default());
    let (a, b) = (key("a"), key("b"));
    server.publish(&a, "one");
    let listener = Listener::new(&server.shared);
    let md5 = Md5::of("one").to_string();
    let listens = [
        Listen { key: &a, tenant: None, md5: Some(&md5) },
        Listen { key: &a, tenant: Some("public"), md5: Some("") },
        Listen { key: &b, tenant: None, md5: Some("") },
        Listen { key: &b, tenant: None, md5: None },
        Listen { key: &a, tenant: None, md5: Some("") },
    ];
    assert_eq!(listener.listen(&listens, &labels()).unwrap(), [1, 3, 4]);
    assert_eq!(listener.count(), 3, "two spellings of one and another config");
    assert_eq!(server.shared.metrics.listens.get(), 3);
    drop(listener);
    assert_eq!((server.shared.metrics.listens.get(), server.shared.hub.topics()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_in_the_listener_s_spelling() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let spellings = [None, Some(""), Some("public"), Some("PUBLIC")];
    let listeners = spellings.map(|tenant| {
        let listener = Listener::new(&server.shared);
        listener.listen(&on(&key, tenant), &labels()).unwrap();
        listener
    });
    server.publish(&key, "one");
    let mut frames = Vec::new();
    for listener in &listeners {
        frames.push(within(listener, 1).await.unwrap());
    }
    assert_eq!(frames[0], frames[1], "one frame for all that leave the namespace blank");
    let shown: Vec<_> = frames.iter().map(|frame| frame.split_once(' ').unwrap().1).collect();
    assert_eq!(shown, ["a -", "a -", "a public", "a PUBLIC"]);
    for (listener, frame) in listeners.iter().zip(&frames) {
        assert!(listener.acked(id(frame), true));
        assert!(!listener.acked(id(frame), true), "an answer counts once");
        assert_eq!(within(listener, 300).await, None, "acknowledged");
    }
    server.remove(&key, None);
    for listener in &listeners {
        assert!(within(listener, 1).await.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn only_changes_are_told() {
    let server = Server::new(Settings { notify_attempts: 0, ..Settings::default() });
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    let told = async |change: &dyn Fn()| {
        change();
        match within(&listener, 1).await {
            Some(frame) => listener.acked(id(&frame), true),
            None => false,
        }
    };
    let beta = || Target::requested(Some("1.1.1.1"), None);
    assert!(told(&|| server.publish(&key, "one")).await);
    assert!(!told(&|| server.publish(&key, "one")).await, "the same content");
    assert!(told(&|| server.publish_to(&key, "beta", beta())).await);
    assert!(!told(&|| server.publish_to(&key, "beta", beta())).await);
    assert!(told(&|| server.publish_to(&key, "beta", Target::requested(Some("2.2.2.2"), None))).await, "another rule");
    assert!(told(&|| server.remove(&key, None)).await, "the formal version under a gray one");
    assert!(told(&|| server.remove(&key, Some("beta"))).await);
    assert!(!told(&|| server.remove(&key, None)).await, "nothing there");
    assert!(!told(&|| server.publish(&ConfigKey::new("dev", "G", "a"), "one")).await, "another namespace");
}

#[tokio::test(start_paused = true)]
async fn changes_that_were_not_taken_merge() {
    let server = Server::new(Settings::default());
    let (a, b) = (key("a"), key("b"));
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&a, None), &labels()).unwrap();
    listener.listen(&on(&b, None), &labels()).unwrap();
    for round in 0..10 {
        server.publish(&a, &format!("content {round}"));
        tokio::task::yield_now().await;
    }
    server.publish(&b, "x");
    assert!(within(&listener, 1).await.unwrap().contains(" a "));
    assert!(within(&listener, 1).await.unwrap().contains(" b "));
    assert_eq!(within(&listener, 1).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_acknowledged_is_sent_again_ever_later() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    server.publish(&key, "one");
    let mut sent = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(id(&within(&listener, 100).await.unwrap()));
        sent.push(Instant::now());
    }
    let gaps: Vec<_> = sent.windows(2).map(|pair| (pair[1] - pair[0]).as_millis() / 100).collect();
    assert_eq!(gaps, [50, 70, 90], "3 s to acknowledge, then 2, 4 and 6 s");
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "each with its own id");
    assert!(!listener.acked(ids[0], true), "too late: another was sent since");
    assert!(listener.acked(ids[3], true));
    assert_eq!(within(&listener, 300).await, None);
    assert_eq!(server.shared.metrics.notifies_retried.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_one_is_sent_again_after_two_seconds() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    server.publish(&key, "one");
    let first = within(&listener, 1).await.unwrap();
    let start = Instant::now();
    let (again, _) = tokio::join!(within(&listener, 100), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        listener.acked(id(&first), false)
    });
    assert_eq!(start.elapsed().as_millis() / 100, 21);
    assert!(listener.acked(id(&again.unwrap()), true));
    assert_eq!(within(&listener, 300).await, None, "acknowledged once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_late_acknowledgement_before_the_repetition_counts() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    server.publish(&key, "one");
    let first = within(&listener, 1).await.unwrap();
    assert_eq!(within(&listener, 4).await, None);
    assert!(listener.acked(id(&first), true));
    assert_eq!(within(&listener, 300).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_newer_change_takes_the_place_of_one_without_answer() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    server.publish(&key, "one");
    let first = within(&listener, 1).await.unwrap();
    server.publish(&key, "two");
    let second = within(&listener, 1).await.unwrap();
    assert!(!listener.acked(id(&first), false), "nobody waits for it");
    assert!(listener.acked(id(&second), true));
    assert_eq!(within(&listener, 300).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_acknowledges_ends() {
    let server = Server::new(Settings { notify_attempts: 3, ..Settings::default() });
    let key = key("a");
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&key, None), &labels()).unwrap();
    server.publish(&key, "one");
    let mut frames = 0;
    while next(&listener).await.is_some() {
        frames += 1;
    }
    assert_eq!(frames, 3);
    assert_eq!(server.shared.hub.topics(), 0);
    assert_eq!(next(&listener).await, None, "it stays so");
    assert_eq!(listener.listen(&on(&key, None), &labels()).unwrap(), [0]);
    assert_eq!(listener.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_what_waits() {
    let server = Server::new(Settings::default());
    let (a, b) = (key("a"), key("b"));
    let listener = Listener::new(&server.shared);
    listener.listen(&on(&a, None), &labels()).unwrap();
    listener.listen(&on(&b, None), &labels()).unwrap();
    server.publish(&a, "one");
    let frame = within(&listener, 1).await.unwrap();
    listener.unlisten(&on(&a, None));
    listener.unlisten(&on(&a, None));
    assert!(!listener.acked(id(&frame), true));
    server.publish(&a, "two");
    server.publish(&b, "two");
    tokio::task::yield_now().await;
    listener.unlisten(&on(&b, None));
    assert_eq!(within(&listener, 300).await, None);
    listener.listen(&on(&b, None), &labels()).unwrap();
    server.publish(&b, "three");
    assert!(within(&listener, 1).await.is_some());
    assert_eq!(within(&listener, 1).await, None);
}

#[tokio::test(start_paused = true)]
async fn listens_have_a_limit() {
    let server = Server::new(Settings { max_listens_per_connection: 2, ..Settings::default() });
    let keys = [key("a"), key("b"), key("c")];
    let listener = Listener::new(&server.shared);
    let listens = keys.each_ref().map(|key| Listen { key, tenant: None, md5: None });
    assert_eq!(listener.listen(&listens, &labels()), Err(Error::TooManyListens { limit: 2 }));
    assert_eq!(listener.count(), 0);
    let twice = [listens[0], listens[0], listens[1]];
    assert_eq!(listener.listen(&twice, &labels()).unwrap().len(), 3);
    assert!(listener.listen(&listens[2..], &labels()).is_err());
    assert!(listener.listen(&listens[..2], &labels()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_listeners_share_one_frame() {
    let server = Server::new(Settings::default());
    let key = key("a");
    let listeners: Vec<_> = (0..2000)
        .map(|_| {
            let listener = Listener::new(&server.shared);
            listener.listen(&on(&key, None), &labels()).unwrap();
            listener
        })
        .collect();
    server.publish(&key, "one");
    let mut frames = std::collections::HashSet::new();
    for listener in &listeners {
        let frame = std::future::poll_fn(|cx| listener.poll_notify(cx)).await.unwrap();
        frames.insert((frame.as_ptr() as usize, frame));
    }
    assert_eq!(frames.len(), 1);
    drop(listeners);
    assert_eq!(server.shared.hub.topics(), 0);
}

#[test]
fn a_waiting_poll_is_woken() {
    struct Flag(std::sync::atomic::AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let server = Server::new(Settings::default());
        let key = key("a");
        let listener = Listener::new(&server.shared);
        listener.listen(&on(&key, None), &labels()).unwrap();
        for close in [false, true] {
            let flag = Arc::new(Flag(false.into()));
            let waker = flag.clone().into();
            assert!(listener.poll_notify(&mut Context::from_waker(&waker)).is_pending());
            if close {
                listener.close();
            } else {
                server.publish(&key, "one");
                tokio::task::yield_now().await;
            }
            assert!(flag.0.load(Ordering::SeqCst));
            assert!(listener.poll_notify(&mut Context::from_waker(&waker)).is_ready());
        }
    });
}
