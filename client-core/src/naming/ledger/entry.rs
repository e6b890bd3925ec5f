//! One thing that is to be on the server: what is wanted, what the server has, and what to do next. No time, no
//! network: both come from outside.

use tokio::{sync::oneshot, time::Instant};

use crate::error::{Error, ErrorKind};
use nacre_proto::code;

type Answer = oneshot::Sender<Result<(), Error>>;

/// Number of a wish; rises within an entry.
pub(crate) type Number = u64;

/// What is wanted on the server under one key, and how far that has come.
///
/// A wish replaces the one before. While it is not answered it may still be taken back, and then the one before
/// counts again; so they form a stack until the newest is on the server.
#[derive(Debug)]
pub(crate) struct Entry<C> {
    wishes: Vec<Wish<C>>,
    held: Held,
    last: Number,
    /// Whether somebody works on it.
    busy: bool,
    /// Whether something was sent before.
    tried: bool,
    failures: u32,
    retry_at: Option<Instant>,
    waiting: Vec<(Number, Answer)>,
    leaving: Vec<Answer>,
}

#[derive(Debug)]
struct Wish<C> {
    number: Number,
    content: C,
}

/// What the server has for this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Nothing,
    /// This wish, on the connection of this generation. With that connection it is gone.
    Wish {
        generation: u64,
        number: Number,
    },
    /// Something was sent on this generation and nobody knows what became of it.
    Unknown {
        generation: u64,
    },
}

impl Held {
    /// What is left of it on the connection of this generation.
    fn at(self, now: u64) -> Self {
        match self {
            Self::Wish { generation, .. } | Self::Unknown { generation } if generation == now => self,
            _ => Self::Nothing,
        }
    }
}

/// What is to be sent next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<C> {
    /// Put this on the server.
    Put { number: Number, content: C },
    /// Take what is there away.
    Take,
}

/// The step that was made, for its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Put(Number),
    Take,
}

impl<C> Step<C> {
    pub(crate) fn made(&self) -> Made {
        match self {
            Self::Put { number, .. } => Made::Put(*number),
            Self::Take => Made::Take,
        }
    }
}

/// Whether a failure leaves the wish in the ledger.
pub(crate) fn stays(error: &Error) -> bool {
    error.is_retryable() || error.code() == code::DENIED
}

impl<C: Clone> Entry<C> {
    pub(crate) fn new() -> Self {
        Self {
            wishes: Vec::new(),
            held: Held::Nothing,
            last: 0,
            busy: false,
            tried: false,
            failures: 0,
            retry_at: None,
            waiting: Vec::new(),
            leaving: Vec::new(),
        }
    }

    /// Wants `content` from now on. `answer` is told when it is on the server, or why it is not.
    pub(crate) fn want(&mut self, content: C, answer: Option<Answer>) -> Number {
        self.last += 1;
        self.wishes.push(Wish { number: self.last, content });
        self.waiting.extend(answer.map(|answer| (self.last, answer)));
        // Nothing has to leave any more: it is replaced.
        self.leaving.drain(..).for_each(|leaving| tell(leaving, Ok(())));
        self.retry_at = None;
        self.last
    }

    /// Waits for the present wish along with whoever made it. None when nothing is wanted.
    pub(crate) fn join(&mut self, answer: Answer) -> Option<Number> {
        let number = self.wishes.last()?.number;
        self.waiting.push((number, answer));
        self.retry_at = None;
        Some(number)
    }

    /// Takes a wish back that nobody waits for any more; the one before it counts again.
    pub(crate) fn cancel(&mut self, number: Number) {
        self.wishes.retain(|wish| wish.number != number);
        self.waiting.retain(|(waiting, _)| *waiting != number);
        self.retry_at = None;
    }

    /// Wants nothing from now on. `answer` is told when the server has nothing, who waited for what was wanted is told
    /// `reason`.
    pub(crate) fn want_nothing(&mut self, answer: Option<Answer>, reason: &Error) {
        self.wishes.clear();
        for (_, waiting) in self.waiting.drain(..) {
            tell(waiting, Err(reason.clone()));
        }
        self.leaving.extend(answer);
        self.retry_at = None;
    }

    /// What is wanted.
    pub(crate) fn content(&self) -> Option<&C> {
        self.wishes.last().map(|wish| &wish.content)
    }

    /// Whether the server has what is wanted, on this connection.
    pub(crate) fn is_settled(&self, generation: u64) -> bool {
        self.step(generation).is_none()
    }

    /// Whether nothing is wanted, and the server has nothing.
    pub(crate) fn is_gone(&self, generation: u64) -> bool {
        self.wishes.is_empty() && !self.busy && self.is_settled(generation)
    }

    /// Whether somebody waits for an answer.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty() || !self.leaving.is_empty()
    }

    /// Whether something was sent before.
    pub(crate) fn is_again(&self) -> bool {
        self.tried
    }

    /// Makes it uncertain what the server has, so that the wish is sent again.
    pub(crate) fn doubt(&mut self) {
        if let Held::Wish { generation, .. } = self.held {
            self.held = Held::Unknown { generation };
        }
    }

    /// When it is to be tried again, if it failed.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at.filter(|_| !self.busy)
    }

    /// Forgets the pause after a failure: the connection is a new one.
    pub(crate) fn retry_now(&mut self) {
        self.failures = 0;
        self.retry_at = None;
    }

    /// Takes the entry for work; false if somebody works on it, or it is to rest.
    pub(crate) fn start(&mut self, now: Instant) -> bool {
        let resting = self.retry_at.is_some_and(|retry_at| retry_at > now);
        if self.busy || resting {
            return false;
        }
        self.busy = true;
        true
    }

    /// Gives the entry back.
    pub(crate) fn stop(&mut self) {
        self.busy = false;
    }

    /// What is to be sent on the connection of this generation. Whoever waits for what is done is told.
    pub(crate) fn next(&mut self, generation: u64) -> Option<Step<C>> {
        let step = self.step(generation);
        if step.is_none() {
            self.settle();
        }
        step
    }

    fn step(&self, generation: u64) -> Option<Step<C>> {
        match (self.wishes.last(), self.held.at(generation)) {
            (Some(wish), Held::Wish { number, .. }) if number == wish.number => None,
            (Some(wish), _) => Some(Step::Put { number: wish.number, content: wish.content.clone() }),
            (None, Held::Nothing) => None,
            (None, _) => Some(Step::Take),
        }
    }

    fn settle(&mut self) {
        self.waiting.drain(..).for_each(|(_, answer)| tell(answer, Ok(())));
        self.leaving.drain(..).for_each(|answer| tell(answer, Ok(())));
        self.failures = 0;
    }

    /// A step is sent.
    pub(crate) fn sent(&mut self) {
        self.tried = true;
    }

    /// A step was done on this generation; `certain` is false if it may have been an earlier one.
    pub(crate) fn done(&mut self, made: Made, generation: u64, certain: bool) {
        self.failures = 0;
        self.retry_at = None;
        match made {
            Made::Put(number) => {
                self.held = if certain { Held::Wish { generation, number } } else { Held::Unknown { generation } };
                self.forget_before(number);
                self.answer_up_to(number, &Ok(()));
            }
            Made::Take => {
                self.held = if certain { Held::Nothing } else { Held::Unknown { generation } };
                self.leaving.drain(..).for_each(|answer| tell(answer, Ok(())));
            }
        }
    }

    /// A step failed. Answers whether it is to be tried again, after which number of failures.
    pub(crate) fn failed(&mut self, made: Made, generation: u64, error: &Error) -> Option<u32> {
        let keep = stays(error);
        // An answer that makes no sense says no more than none at all.
        if error.is_retryable() || error.kind() == ErrorKind::Internal {
            self.held = Held::Unknown { generation };
        }
        match made {
            Made::Put(number) => {
                if keep {
                    self.forget_before(number);
                    self.answer_up_to(number, &Err(error.clone()));
                } else {
                    self.wishes.retain(|wish| wish.number != number);
                    self.answer_one(number, error);
                }
            }
            Made::Take => {
                self.leaving.drain(..).for_each(|answer| tell(answer, Err(error.clone())));
                if !keep {
                    self.held = Held::Nothing;
                }
            }
        }
        if !keep {
            return None;
        }
        self.failures += 1;
        Some(self.failures)
    }

    /// Lets it rest until then.
    pub(crate) fn rest_until(&mut self, then: Instant) {
        self.retry_at = Some(then);
    }

    /// Forgets the wishes that this one replaced for good, unless it was taken back.
    fn forget_before(&mut self, number: Number) {
        if self.wishes.iter().any(|wish| wish.number == number) {
            self.wishes.retain(|wish| wish.number >= number);
        }
    }

    fn answer_up_to(&mut self, number: Number, result: &Result<(), Error>) {
        let waiting = std::mem::take(&mut self.waiting);
        for (other, answer) in waiting {
            if other <= number {
                tell(answer, result.clone());
            } else {
                self.waiting.push((other, answer));
            }
        }
    }

    fn answer_one(&mut self, number: Number, error: &Error) {
        let waiting = std::mem::take(&mut self.waiting);
        for (other, answer) in waiting {
            if other == number {
                tell(answer, Err(error.clone()));
            } else {
                self.waiting.push((other, answer));
            }
        }
    }
}

fn tell(answer: Answer, result: Result<(), Error>) {
    // Nobody may wait any more.
    let _ = answer.send(result);
}

/// Why who waits for something is told that it will not come: it was taken back meanwhile.
pub(crate) fn taken_back() -> Error {
    Error::new(ErrorKind::Conflict, 409, "taken back before it was done")
}

#[cfg(test)]
mod tests;
