//! What happens in a round, drawn from a seed.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Clients that write.
pub(super) const WRITERS: usize = 6;
/// Configs of each writer.
pub(super) const CONFIGS: usize = 6;
/// Services in which each writer may have one instance, with a port that changes.
pub(super) const EPHEMERAL: usize = 4;
/// The service of all persistent instances.
pub(super) const PERSISTENT: &str = "soak-persistent";
/// Persistent instances of each writer.
pub(super) const PERSISTENT_EACH: u16 = 3;
/// The service of all instances that beat.
pub(super) const BEATING: &str = "soak-beating";
/// Instances of each writer that beat.
pub(super) const BEATING_EACH: u16 = 2;
const OPERATIONS: usize = 40;
const PORTS: std::ops::Range<u16> = 2_000..9_000;

/// One thing that a writer does to what is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Publish {
        config: usize,
        content: String,
    },
    /// With the md5 that the config has.
    Swap {
        config: usize,
        content: String,
    },
    /// With an md5 that it has not.
    SwapWrongly {
        config: usize,
    },
    Remove {
        config: usize,
    },
    Register {
        service: usize,
        port: u16,
    },
    Deregister {
        service: usize,
    },
    RegisterPersistent {
        port: u16,
    },
    DeregisterPersistent {
        port: u16,
    },
    BeginBeating {
        port: u16,
    },
    EndBeating {
        port: u16,
    },
}

/// How the server ends in a round. It is started again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Kill,
    Restart,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// For each writer.
    pub(super) operations: Vec<Vec<Operation>>,
    pub(super) fault: Fault,
    /// How many operations of all writers are done when it strikes.
    pub(super) fault_after: usize,
}

impl Plan {
    /// The round with this number of the run with this seed.
    pub(super) fn new(seed: u64, round: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let operations = (0..WRITERS)
            .map(|_| (0..OPERATIONS).map(|step| Operation::draw(&mut random, round, step)).collect())
            .collect();
        let fault = if random.random_bool(0.7) { Fault::Kill } else { Fault::Restart };
        let fault_after = random.random_range(1..WRITERS * OPERATIONS * 3 / 4);
        Self { operations, fault, fault_after }
    }
}

impl Operation {
    fn draw(random: &mut StdRng, round: u64, step: usize) -> Self {
        let config = random.random_range(0..CONFIGS);
        let service = random.random_range(0..EPHEMERAL);
        let persistent = 1 + random.random_range(0..PERSISTENT_EACH);
        let beating = 1 + random.random_range(0..BEATING_EACH);
        let port = random.random_range(PORTS);
        let filler = "x".repeat(random.random_range(0..2_000));
        let content = format!("round {round} step {step} {filler}");
        match random.random_range(0..100) {
            0..25 => Self::Publish { config, content },
            25..38 => Self::Swap { config, content },
            38..43 => Self::SwapWrongly { config },
            43..52 => Self::Remove { config },
            52..70 => Self::Register { service, port },
            70..78 => Self::Deregister { service },
            78..86 => Self::RegisterPersistent { port: persistent },
            86..91 => Self::DeregisterPersistent { port: persistent },
            91..96 => Self::BeginBeating { port: beating },
            _ => Self::EndBeating { port: beating },
        }
    }
}

/// The name of a writer's config.
pub(super) fn config(writer: usize, config: usize) -> String {
    format!("soak-{writer}-{config}")
}

/// The names of all configs.
pub(super) fn configs() -> Vec<String> {
    (0..WRITERS).flat_map(|writer| (0..CONFIGS).map(move |number| config(writer, number))).collect()
}

/// The name of a service of ephemeral instances.
pub(super) fn ephemeral(service: usize) -> String {
    format!("soak-ephemeral-{service}")
}

/// The names of all services.
pub(super) fn services() -> Vec<String> {
    (0..EPHEMERAL).map(ephemeral).chain([PERSISTENT.to_owned(), BEATING.to_owned()]).collect()
}

#[test]
fn a_seed_repeats_its_rounds() {
    assert_eq!(Plan::new(7, 3), Plan::new(7, 3));
    assert_ne!(Plan::new(7, 3), Plan::new(8, 3));
    assert_ne!(Plan::new(7, 3), Plan::new(7, 4));
    let kinds: std::collections::BTreeSet<String> = (0..20)
        .flat_map(|round| Plan::new(1, round).operations.concat())
        .map(|operation| format!("{operation:?}").split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.len(), 10, "every kind of operation is drawn: {kinds:?}");
}
