use super::*;

fn tokens() -> Arc<Tokens> {
    Arc::new(Tokens::new(Login::new("u", "p")))
}

#[test]
fn tokens_of_all_generations_are_read() {
    let token = |text: &str, seconds| Some(Token { text: text.into(), life: Duration::from_secs(seconds) });
    assert_eq!(read_token(br#"{"accessToken":"a","tokenTtl":60,"globalAdmin":true}"#), token("a", 60));
    assert_eq!(read_token(br#"{"code":0,"data":{"accessToken":"b","tokenTtl":7}}"#), token("b", 7));
    assert_eq!(read_token(br#"{"accessToken":"c"}"#), token("c", 18_000));
    for body in ["", "ok", "{}", r#"{"accessToken":""}"#, "[]"] {
        assert_eq!(read_token(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn tokens_are_replaced_shortly_before_their_end() {
    for _ in 0..100 {
        let wait = before_end(Duration::from_secs(1800));
        assert!(wait >= Duration::from_secs(1620) && wait <= Duration::from_secs(1680), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_the_first_login_only() {
    let tokens = tokens();
    let waiting = tokio::spawn({
        let tokens = Arc::clone(&tokens);
        async move { tokens.current().await }
    });
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    tokens.store(None);
    assert_eq!(waiting.await.unwrap(), None);
    tokens.store(Some("t".into()));
    assert_eq!(tokens.current().await.as_deref(), Some("t"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_for_all_who_hold_it() {
    let tokens = tokens();
    tokens.store(Some("old".into()));
    let logins = tokio::spawn({
        let tokens = Arc::clone(&tokens);
        async move {
            tokens.wanted.notified().await;
            sleep(Duration::from_millis(100)).await;
            tokens.store(Some("new".into()));
        }
    });
    let both = tokio::join!(tokens.renew(Some("old")), tokens.renew(Some("old")));
    assert_eq!(both, (true, true));
    logins.await.unwrap();
    // Who was refused with the old token needs no further login, who was refused with the new one gets none so soon.
    assert!(tokens.renew(Some("old")).await);
    let begin = Instant::now();
    assert!(!tokens.renew(Some("new")).await);
    assert_eq!(begin.elapsed(), Duration::ZERO);

    sleep(DENIED_PAUSE).await;
    let again = tokio::spawn({
        let tokens = Arc::clone(&tokens);
        async move {
            tokens.wanted.notified().await;
            tokens.store(Some("new".into()));
        }
    });
    assert!(!tokens.renew(Some("new")).await, "the same token again is no other token");
    again.await.unwrap();
}
