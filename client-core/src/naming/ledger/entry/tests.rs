use std::time::Duration;

use super::*;

type Done = oneshot::Receiver<Result<(), Error>>;

fn want(entry: &mut Entry<&'static str>, content: &'static str) -> (Number, Done) {
    let (answer, done) = oneshot::channel();
    (entry.want(content, Some(answer)), done)
}

fn put(number: Number, content: &'static str) -> Option<Step<&'static str>> {
    Some(Step::Put { number, content })
}

/// None while there is no answer, then its code, 0 for success.
fn told(done: &mut Done) -> Option<i32> {
    done.try_recv().ok().map(|result| result.map_or_else(|error| error.code(), |()| 0))
}

fn refusal() -> Error {
    Error::invalid("no")
}

fn lost() -> Error {
    Error::unreachable("lost")
}

fn denied() -> Error {
    Error::from_code(403, "no")
}

/// An entry of which the server has the first wish on generation 1.
fn settled() -> (Entry<&'static str>, Number) {
    let mut entry = Entry::new();
    let number = entry.want("a", None);
    entry.done(Made::Put(number), 1, true);
    assert_eq!(entry.next(1), None);
    (entry, number)
}

#[test]
fn a_wish_is_put_and_answered() {
    let mut entry = Entry::new();
    assert!(entry.is_gone(1));
    let (number, mut done) = want(&mut entry, "a");
    assert_eq!(entry.next(1), put(number, "a"));
    assert_eq!(told(&mut done), None);
    entry.done(Made::Put(number), 1, true);
    assert_eq!(told(&mut done), Some(0));
    assert_eq!(entry.next(1), None);
    assert!(entry.is_settled(1) && !entry.is_gone(1));
}

#[test]
fn a_new_connection_has_nothing() {
    let (mut entry, number) = settled();
    assert_eq!(entry.next(2), put(number, "a"));
    entry.want_nothing(None, &taken_back());
    assert_eq!(entry.next(2), None, "what is not there need not be taken away");
    assert_eq!(entry.next(1), Some(Step::Take));
}

#[test]
fn the_newest_wish_counts_and_answers_those_before() {
    let mut entry = Entry::new();
    let (_, mut first) = want(&mut entry, "a");
    let (second, mut second_done) = want(&mut entry, "b");
    assert_eq!(entry.next(1), put(second, "b"));
    entry.done(Made::Put(second), 1, true);
    assert_eq!((told(&mut first), told(&mut second_done)), (Some(0), Some(0)));
}

#[test]
fn a_wish_that_comes_while_another_is_sent_is_sent_next() {
    let mut entry = Entry::new();
    let (first, mut first_done) = want(&mut entry, "a");
    assert_eq!(entry.next(1), put(first, "a"));
    let (second, mut second_done) = want(&mut entry, "b");
    entry.done(Made::Put(first), 1, true);
    assert_eq!((told(&mut first_done), told(&mut second_done)), (Some(0), None));
    assert_eq!(entry.next(1), put(second, "b"));
}

#[test]
fn a_cancelled_wish_leaves_and_its_undo_follows_if_it_was_sent() {
    let mut entry = Entry::new();
    let (number, _done) = want(&mut entry, "a");
    entry.cancel(number);
    assert_eq!(entry.next(1), None, "it was not sent");
    assert!(entry.is_gone(1));

    let (number, _done) = want(&mut entry, "a");
    assert!(entry.next(1).is_some());
    entry.cancel(number);
    entry.done(Made::Put(number), 1, true);
    assert_eq!(entry.next(1), Some(Step::Take));
    entry.done(Made::Take, 1, true);
    assert!(entry.is_gone(1));

    let (number, _done) = want(&mut entry, "a");
    entry.cancel(number);
    assert_eq!(entry.failed(Made::Put(number), 1, &lost()), Some(1));
    assert_eq!(entry.next(1), Some(Step::Take), "nobody knows whether the server has it");
}

#[test]
fn the_undo_of_a_replacement_is_what_was_there() {
    let (mut entry, first) = settled();
    let (second, _done) = want(&mut entry, "b");
    assert_eq!(entry.next(1), put(second, "b"));
    entry.cancel(second);
    entry.done(Made::Put(second), 1, true);
    assert_eq!(entry.content(), Some(&"a"));
    assert_eq!(entry.next(1), put(first, "a"), "the server has the other one by now");

    let (mut entry, first) = settled();
    let (second, _done) = want(&mut entry, "b");
    entry.cancel(second);
    assert_eq!(entry.next(1), None, "it was not sent");
    let (third, _done) = want(&mut entry, "c");
    entry.cancel(third);
    entry.failed(Made::Put(third), 1, &lost());
    assert_eq!(entry.next(1), put(first, "a"), "the server may have the other one");
}

#[test]
fn a_refused_wish_leaves_and_the_one_before_is_still_there() {
    let (mut entry, _) = settled();
    let (second, mut done) = want(&mut entry, "b");
    assert!(entry.next(1).is_some());
    assert_eq!(entry.failed(Made::Put(second), 1, &refusal()), None);
    assert_eq!(told(&mut done), Some(400));
    assert_eq!(entry.next(1), None);
    assert_eq!(entry.content(), Some(&"a"));
}

#[test]
fn a_refused_first_wish_leaves_nothing() {
    let mut entry = Entry::new();
    let (number, mut done) = want(&mut entry, "a");
    assert_eq!(entry.failed(Made::Put(number), 1, &refusal()), None);
    assert_eq!(told(&mut done), Some(400));
    assert!(entry.is_gone(1));
    let (number, _done) = want(&mut entry, "a");
    assert_eq!(entry.failed(Made::Put(number), 1, &Error::internal("nonsense")), None);
    assert_eq!(entry.next(1), Some(Step::Take), "an answer without sense may hide a success");
}

#[test]
fn a_failure_that_may_pass_keeps_the_wish() {
    for error in [lost(), Error::timeout("slow"), denied()] {
        let mut entry = Entry::new();
        let (number, mut done) = want(&mut entry, "a");
        assert_eq!(entry.failed(Made::Put(number), 1, &error), Some(1));
        assert_eq!(told(&mut done), Some(error.code()));
        assert_eq!(entry.failed(Made::Put(number), 1, &error), Some(2));
        assert_eq!(entry.next(1), put(number, "a"));
        assert_eq!(entry.next(2), put(number, "a"));
    }
    assert!(stays(&denied()) && stays(&lost()) && !stays(&refusal()) && !stays(&Error::closed()));
}

#[test]
fn denied_says_that_the_server_has_nothing_new() {
    let mut entry = Entry::new();
    let (number, _done) = want(&mut entry, "a");
    entry.failed(Made::Put(number), 1, &denied());
    entry.want_nothing(None, &taken_back());
    assert!(entry.is_gone(1), "there is nothing to take away");
}

#[test]
fn taking_away_answers_who_waited_for_the_opposite() {
    let mut entry = Entry::new();
    let (number, mut done) = want(&mut entry, "a");
    let (answer, mut gone) = oneshot::channel();
    assert!(entry.next(1).is_some());
    entry.want_nothing(Some(answer), &taken_back());
    assert_eq!((told(&mut done), told(&mut gone)), (Some(409), None));
    entry.done(Made::Put(number), 1, true);
    assert_eq!(entry.next(1), Some(Step::Take));
    entry.done(Made::Take, 1, true);
    assert_eq!(told(&mut gone), Some(0));
}

#[test]
fn a_failed_take_is_tried_again_until_the_connection_is_gone() {
    let (mut entry, _) = settled();
    let (answer, mut gone) = oneshot::channel();
    entry.want_nothing(Some(answer), &taken_back());
    assert_eq!(entry.failed(Made::Take, 1, &lost()), Some(1));
    assert_eq!(told(&mut gone), Some(lost().code()));
    assert_eq!(entry.next(1), Some(Step::Take));
    assert_eq!(entry.next(2), None);
    assert!(entry.is_gone(2));
}

#[test]
fn a_wish_in_place_of_a_take_answers_it() {
    let (mut entry, _) = settled();
    let (answer, mut gone) = oneshot::channel();
    entry.want_nothing(Some(answer), &taken_back());
    let (number, _done) = want(&mut entry, "b");
    assert_eq!(told(&mut gone), Some(0));
    assert_eq!(entry.next(1), put(number, "b"));
}

#[test]
fn an_uncertain_success_is_sent_again() {
    let mut entry = Entry::new();
    let (number, mut done) = want(&mut entry, "a");
    entry.done(Made::Put(number), 2, false);
    assert_eq!(told(&mut done), Some(0), "for the caller it is a success");
    assert_eq!(entry.next(2), put(number, "a"), "it may have been the connection before");
}

#[test]
fn whoever_joins_is_answered_with_the_others() {
    let mut entry = Entry::new();
    let (answer, _nobody) = oneshot::channel();
    assert_eq!(entry.join(answer), None, "nothing is wanted");
    let (number, mut first) = want(&mut entry, "a");
    let (answer, mut second) = oneshot::channel();
    assert_eq!(entry.join(answer), Some(number));
    assert!(entry.is_awaited());
    entry.done(Made::Put(number), 1, true);
    assert_eq!((told(&mut first), told(&mut second)), (Some(0), Some(0)));
    let (answer, mut third) = oneshot::channel();
    entry.join(answer);
    assert_eq!(entry.next(1), None);
    assert_eq!(told(&mut third), Some(0), "it is there already");
}

#[test]
fn one_works_at_a_time_and_rest_is_kept() {
    let mut entry = Entry::new();
    let now = Instant::now();
    let (number, _done) = want(&mut entry, "a");
    assert!(entry.start(now) && !entry.start(now));
    entry.failed(Made::Put(number), 1, &lost());
    entry.rest_until(now + Duration::from_secs(1));
    assert_eq!(entry.retry_at(), None, "not while somebody works on it");
    entry.stop();
    assert_eq!(entry.retry_at(), Some(now + Duration::from_secs(1)));
    assert!(!entry.start(now));
    assert!(entry.start(now + Duration::from_secs(1)));
    entry.stop();
    entry.retry_now();
    assert!(entry.start(now), "a new connection ends the rest");
    entry.stop();
    entry.rest_until(now + Duration::from_secs(1));
    want(&mut entry, "b").1.close();
    assert!(entry.start(now), "and so does a new wish");
}

#[test]
fn doubt_sends_it_again() {
    let (mut entry, number) = settled();
    entry.doubt();
    assert_eq!(entry.next(1), put(number, "a"));
}
