use parking_lot::Mutex;

use super::*;
use crate::{
    config::{
        cipher::{Cipher, CipherFilter, CipherFuture, Encrypted},
        raw::Source,
    },
    names::Namespace,
};

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::default(), "G", data_id).unwrap()
}

fn outgoing(data_id: &str, content: &str) -> Outgoing {
    Outgoing { key: key(data_id), content: content.into(), config_type: None, encrypted_data_key: None }
}

fn raw(content: &str, data_key: Option<&str>) -> Arc<RawConfig> {
    Arc::new(RawConfig::local(content.into(), data_key.map(str::to_owned), Source::Server, 0))
}

/// Puts its name before and behind the content, and takes it away again.
#[derive(Debug)]
struct Wrap(&'static str, i32);

impl ConfigFilter for Wrap {
    fn name(&self) -> &str {
        self.0
    }

    fn order(&self) -> i32 {
        self.1
    }

    fn publish<'a>(&'a self, outgoing: &'a mut Outgoing) -> FilterFuture<'a> {
        Box::pin(async {
            outgoing.content = format!("{}({})", self.0, outgoing.content).into();
            Ok(())
        })
    }

    fn receive<'a>(&'a self, incoming: &'a mut Incoming) -> FilterFuture<'a> {
        Box::pin(async {
            tokio::task::yield_now().await;
            let inner = incoming.content.strip_prefix(self.0).and_then(|rest| rest.strip_prefix('('));
            let inner = inner.and_then(|rest| rest.strip_suffix(')')).ok_or("not wrapped")?;
            incoming.content = inner.into();
            Ok(())
        })
    }
}

#[tokio::test]
async fn filters_run_in_order_and_back() {
    let chain = Chain::default();
    assert!(chain.is_empty_for(&key("a")));
    for filter in [Wrap("c", 5), Wrap("a", -1), Wrap("b", 0)] {
        chain.add(Arc::new(filter));
    }
    let mut text = outgoing("a", "x");
    chain.publish(&mut text).await.unwrap();
    assert_eq!(&*text.content, "c(b(a(x)))");
    assert_eq!(&*chain.receive(&key("a"), raw("c(b(a(x)))", None)).await.unwrap(), "x");
    assert!(!chain.is_empty_for(&key("a")));
}

#[tokio::test]
async fn a_filter_of_the_same_name_takes_the_place() {
    let chain = Chain::default();
    for filter in [Wrap("a", 1), Wrap("b", 2), Wrap("a", 3)] {
        chain.add(Arc::new(filter));
    }
    let mut text = outgoing("a", "x");
    chain.publish(&mut text).await.unwrap();
    assert_eq!(&*text.content, "a(b(x))");
}

#[tokio::test]
async fn a_failure_names_the_filter_and_keeps_the_cause() {
    let chain = Chain::default();
    chain.add(Arc::new(Wrap("a", 1)));
    let error = chain.receive(&key("a"), raw("plain", None)).await.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Internal);
    assert_eq!(error.reason(), "config filter a failed: not wrapped");
    assert_eq!(error.source().unwrap().to_string(), "not wrapped");
}

/// Turns texts around; the data key is the text's length.
#[derive(Debug, Default)]
struct Turn {
    seen: Mutex<Vec<String>>,
}

impl Cipher for Turn {
    fn algorithm(&self) -> &str {
        "turn"
    }

    fn encrypt<'a>(&'a self, content: &'a str) -> CipherFuture<'a, Encrypted> {
        Box::pin(async {
            Ok(Encrypted { content: content.chars().rev().collect(), data_key: content.len().to_string() })
        })
    }

    fn decrypt<'a>(&'a self, content: &'a str, data_key: &'a str) -> CipherFuture<'a, String> {
        self.seen.lock().push(data_key.to_owned());
        Box::pin(async { Ok(content.chars().rev().collect()) })
    }
}

#[tokio::test]
async fn ciphers_work_on_their_data_ids_below_other_filters() {
    let turn = Arc::new(Turn::default());
    let chain = Chain::default();
    chain.add(Arc::new(CipherFilter::new(turn.clone())));
    assert!(chain.is_empty_for(&key("cipher-turned")) && !chain.is_empty_for(&key("cipher-turn-a")));
    chain.add(Arc::new(Wrap("w", 7)));

    let mut text = outgoing("cipher-turn-app", "ab");
    chain.publish(&mut text).await.unwrap();
    assert_eq!((&*text.content, text.encrypted_data_key.as_deref()), (")ba(w", Some("5")));
    let clear = chain.receive(&key("cipher-turn-app"), raw(")ba(w", Some("5"))).await.unwrap();
    assert_eq!((&*clear, &**turn.seen.lock()), ("ab", &["5".to_owned()][..]));

    let mut other = outgoing("cipher-other-app", "ab");
    chain.publish(&mut other).await.unwrap();
    assert_eq!((&*other.content, other.encrypted_data_key), ("w(ab)", None));

    let mut done = Outgoing { encrypted_data_key: Some("own".into()), ..outgoing("cipher-turn-app", "ab") };
    chain.publish(&mut done).await.unwrap();
    assert_eq!((&*done.content, done.encrypted_data_key.as_deref()), ("w(ab)", Some("own")));
    assert!(!format!("{done:?}").contains("w(ab)"));
}
