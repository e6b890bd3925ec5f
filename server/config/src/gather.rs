//! Gathers changes: what comes while an entry of the log is written goes into the next one.

use std::{collections::VecDeque, fmt, sync::Arc};

use nacre_consensus::{Command, Group, ProposeError};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, oneshot},
    task::yield_now,
};

use crate::{
    command::{ConfigCommand, ConfigReply},
    machine::ConfigMachine,
};

/// Changes in one entry.
const ENTRY_COMMANDS: usize = 256;
/// Bytes in one entry, roughly; one larger change goes alone.
const ENTRY_BYTES: usize = 1 << 20;

struct Pending {
    command: ConfigCommand,
    answer: oneshot::Sender<Result<ConfigReply, ProposeError>>,
}

/// The changes that wait for the log.
pub(crate) struct Gather {
    group: Group<ConfigMachine>,
    // Not bounded by itself: whoever waits here holds a request, and the doors limit those.
    waiting: Mutex<VecDeque<Pending>>,
    arrived: Notify,
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("group", &self.group).finish_non_exhaustive()
    }
}

impl Gather {
    pub(crate) fn new(group: Group<ConfigMachine>) -> Self {
        Self { group, waiting: Mutex::default(), arrived: Notify::new() }
    }

    /// Writes a change, in the order of the calls: it is on disk and applied when this returns. Dropping the future
    /// does not take it back.
    pub(crate) async fn propose(&self, command: ConfigCommand) -> Result<ConfigReply, ProposeError> {
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().push_back(Pending { command, answer });
        self.arrived.notify_one();
        answered.await.unwrap_or(Err(ProposeError::Stopped))
    }

    /// Writes what comes, until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let batch = self.next();
            if batch.is_empty() {
                self.arrived.notified().await;
                // What is ready to run may bring more for this entry; nobody waits for a timer.
                yield_now().await;
            } else {
                self.write(batch).await;
            }
        }
    }

    /// The changes of the next entry. All of them may use the disk's reserve, or none: they are refused together.
    fn next(&self) -> Vec<Pending> {
        let mut waiting = self.waiting.lock();
        let mut bytes = 0;
        let first = waiting.front().map(|pending| pending.command.may_use_reserve());
        let fits = |pending: &Pending| {
            let is_first = bytes == 0;
            bytes += pending.command.estimated_size();
            is_first || (bytes <= ENTRY_BYTES && Some(pending.command.may_use_reserve()) == first)
        };
        let count = waiting.iter().take(ENTRY_COMMANDS).map(fits).take_while(|fits| *fits).count();
        waiting.drain(..count).collect()
    }

    async fn write(&self, batch: Vec<Pending>) {
        let (mut commands, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|pending| (pending.command, pending.answer)).unzip();
        let command = if commands.len() == 1 { commands.remove(0) } else { ConfigCommand::Batch(commands) };
        let replies = match self.group.propose(command).await {
            Ok(ConfigReply::Batch(replies)) => replies.into_iter().map(Ok).collect(),
            Ok(reply) => vec![Ok(reply)],
            Err(error) => vec![Err(error); answers.len()],
        };
        for (answer, reply) in answers.into_iter().zip(replies) {
            // The request may have been given up meanwhile.
            let _ = answer.send(reply);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use nacre_consensus::testing;

    use super::*;
    use crate::{
        command::{PublishCommand, PutNamespace, RemoveCommand},
        key::ConfigKey,
        md5::Md5,
        request::{Origin, Publish, Target},
        settings::Settings,
    };

    fn publish(content: &str, cas: Option<&str>) -> ConfigCommand {
        let mut request = Publish::new(ConfigKey::new("", "G", "a"), content);
        request.cas_md5 = cas.map(|content| Md5::of(content).to_string());
        ConfigCommand::Publish(Box::new(PublishCommand::new(request, 10)))
    }

    fn remove() -> ConfigCommand {
        ConfigCommand::Remove(RemoveCommand {
            key: ConfigKey::new("", "G", "a"),
            gray: None,
            origin: Origin::default(),
        })
    }

    async fn gather() -> (Arc<Gather>, testing::Guard) {
        let (group, guard) = testing::group(Arc::new(ConfigMachine::new(&Settings::default()))).await;
        (Arc::new(Gather::new(group)), guard)
    }

    #[tokio::test]
    async fn an_entry_holds_what_waits_up_to_its_limits() {
        let (gather, _guard) = gather().await;
        let large = "x".repeat(ENTRY_BYTES);
        let mut commands = vec![publish("1", None); 2];
        commands.extend([remove(), remove(), publish(&large, None), publish(&large, None), publish("2", None)]);
        commands.extend(vec![remove(); ENTRY_COMMANDS + 1]);
        for command in commands {
            gather.waiting.lock().push_back(Pending { command, answer: oneshot::channel().0 });
        }
        let entries = std::iter::from_fn(|| Some(gather.next().len()).filter(|count| *count > 0));
        assert_eq!(entries.collect::<Vec<_>>(), [2, 2, 1, 1, 1, ENTRY_COMMANDS, 1]);
    }

    /// Together such changes would be above what a log entry may hold, and all be refused.
    #[tokio::test]
    async fn whatever_makes_a_change_large_counts() {
        let (gather, _guard) = gather().await;
        let large = "x".repeat(ENTRY_BYTES);
        let key = || ConfigKey::new("", "G", "a");
        let mut tags = Publish::new(key(), "1");
        tags.attributes.tags = Some(large.clone());
        let mut beta = Publish::new(key(), "1");
        beta.target = Target::requested(Some(&large), None);
        let mut schema = Publish::new(key(), "1");
        schema.attributes.schema = Some(large.clone());
        let mut commands: Vec<_> = [tags, beta, schema]
            .map(|request| ConfigCommand::Publish(Box::new(PublishCommand::new(request, 10))))
            .into();
        commands.push(ConfigCommand::PutNamespace(PutNamespace {
            id: "dev".into(),
            name: "dev".into(),
            description: Some(large),
            create: true,
        }));
        commands.push(publish("behind them", None));
        let count = commands.len();
        for command in commands {
            gather.waiting.lock().push_back(Pending { command, answer: oneshot::channel().0 });
        }
        for _ in 0..count {
            assert_eq!(gather.next().len(), 1);
        }
    }

    #[tokio::test]
    async fn changes_count_in_the_order_of_the_calls_and_each_has_its_own_answer() {
        let (gather, _guard) = gather().await;
        let commands = [
            publish("1", None),
            publish("2", Some("1")),
            publish("3", Some("1")),
            remove(),
            remove(),
            publish("4", Some("1")),
            publish("5", Some("4")),
        ];
        let replies = join_all(commands.map(|command| gather.propose(command)));
        let running = tokio::spawn(gather.clone().run());
        let replies: Vec<_> = replies.await.into_iter().map(Result::unwrap).collect();
        running.abort();
        use ConfigReply::{CasMismatch, Done, Missing};
        assert_eq!(replies, [Done, Done, CasMismatch, Done, Missing, Done, Done]);
        let entry = gather.group.machine().entry(&ConfigKey::new("", "G", "a")).expect("published");
        assert_eq!(entry.formal.as_ref().map(|version| version.md5), Some(Md5::of("5")));
    }

    #[tokio::test]
    async fn a_group_that_has_ended_answers_all_who_wait() {
        let (gather, guard) = gather().await;
        guard.engine.crash_at(guard.engine.writes() + 1);
        tokio::spawn(gather.clone().run());
        let replies = join_all([publish("1", None), publish("2", None)].map(|command| gather.propose(command)));
        assert_eq!(replies.await, vec![Err(ProposeError::Stopped); 2]);
    }
}
