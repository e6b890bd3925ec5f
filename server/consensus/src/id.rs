//! Identifiers of nodes, groups and slots, and the slot function.

use std::fmt;

/// Number of slots that services are spread over; fixed by the protocol between nodes.
pub const SLOT_COUNT: u16 = 16384;

/// A member of the cluster. Handed out by the meta group, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A Raft group: 0 is the meta group, `1..=N` are the shard groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u16);

impl GroupId {
    /// The group that holds nodes, slots, namespaces, configs and users.
    pub const META: Self = Self(0);

    /// The group of the shard with this number, counted from 0.
    #[must_use]
    pub const fn shard(number: u16) -> Self {
        Self(number + 1)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("meta"),
            n => write!(f, "shard-{}", n - 1),
        }
    }
}

/// One of [`SLOT_COUNT`] parts of the key space; the slot table maps it to a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u16);

/// The slot of a key: CRC-16/XMODEM of its bytes, modulo [`SLOT_COUNT`].
#[must_use]
pub fn slot_of(key: &[u8]) -> SlotId {
    let mut crc = 0u16;
    for byte in key {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    SlotId(crc % SLOT_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_is_crc16_xmodem() {
        // The check value of CRC-16/XMODEM.
        assert_eq!(slot_of(b"123456789"), SlotId(0x31c3 % SLOT_COUNT));
        assert_eq!(slot_of(b""), SlotId(0));
    }
}
