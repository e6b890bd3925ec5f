//! A login to a MySQL server and one statement, as far as a check needs it.

use std::io;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The statement that asks whether the server is a replica: it serves no writes when the answer is `ON`.
const READ_ONLY: &str = "show global variables where variable_name='read_only'";
/// The protocol's version, which the greeting begins with.
const VERSION: u8 = 10;
/// Long passwords, protocol 4.1, authentication of 4.1 and by plug-ins.
const CAPABILITIES: u32 = 0x1 | 0x200 | 0x8000 | 0x8_0000;
const UTF8: u8 = 33;
const LONGEST_PACKET: usize = 1 << 20;
const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";

const OK: u8 = 0x00;
const MORE: u8 = 0x01;
const SWITCH: u8 = 0xfe;
const END: u8 = 0xfe;
const FAILED: u8 = 0xff;
/// Behind [`MORE`]: the server knows the password's digest and believes it.
const IS_KNOWN: u8 = 3;

/// Who logs in, and what is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) statement: &'a str,
}

struct Wire<'a, S> {
    stream: &'a mut S,
    /// The number of the next packet.
    sequence: u8,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<'_, S> {
    async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        if length == 0 || length > LONGEST_PACKET {
            return Err(broken("a packet of no sensible length"));
        }
        self.sequence = head[3].wrapping_add(1);
        let mut packet = vec![0; length];
        self.stream.read_exact(&mut packet).await?;
        Ok(packet)
    }

    async fn write(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(|_| broken("too long"))?.to_le_bytes();
        let head = [length[0], length[1], length[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        self.stream.write_all(&[&head[..], payload].concat()).await
    }
}

/// Whether the server greets, and with a login takes it and the statement.
pub(super) async fn is_serving<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    login: Option<Login<'_>>,
) -> io::Result<bool> {
    let mut wire = Wire { stream, sequence: 0 };
    let greeting = wire.read().await?;
    if greeting[0] != VERSION {
        return Ok(false);
    }
    let Some(login) = login else { return Ok(true) };
    let (nonce, plugin) = challenge(&greeting).ok_or_else(|| broken("the greeting"))?;
    wire.write(&reply(login, &nonce, &plugin)).await?;
    loop {
        let answer = wire.read().await?;
        match answer[0] {
            OK => break,
            MORE if answer.get(1) == Some(&IS_KNOWN) => {}
            // The password itself is asked for, which a plain connection does not carry. The server lives.
            MORE => return Ok(true),
            SWITCH => {
                let (plugin, nonce) = text(&answer[1..]).ok_or_else(|| broken("a change of plug-in"))?;
                let nonce = nonce.strip_suffix(&[0]).unwrap_or(nonce);
                let Some(proof) = proof(plugin, login.password, nonce) else { return Ok(false) };
                wire.write(&proof).await?;
            }
            _ => return Ok(false),
        }
    }
    wire.sequence = 0;
    wire.write(&[&[3], login.statement.as_bytes()].concat()).await?;
    result(&mut wire, login.statement.trim().eq_ignore_ascii_case(READ_ONLY)).await
}

/// Whether the statement went well; `asks_replica` looks at the value that it brings.
async fn result<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<'_, S>, asks_replica: bool) -> io::Result<bool> {
    let first = wire.read().await?;
    if matches!(first[0], OK | FAILED) || !asks_replica {
        return Ok(first[0] != FAILED);
    }
    // Descriptions of the columns, then rows.
    while !is_end(&wire.read().await?) {}
    loop {
        let row = wire.read().await?;
        if is_end(&row) || row[0] == FAILED {
            return Ok(row[0] != FAILED);
        }
        let name = usize::from(row[0]);
        if row.get(name + 2..).is_some_and(|value| value.eq_ignore_ascii_case(b"ON")) {
            return Ok(false);
        }
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet[0] == END && packet.len() < 9
}

/// What the proof of the password is made with, and by which plug-in.
fn challenge(greeting: &[u8]) -> Option<(Vec<u8>, String)> {
    let (_, rest) = text(&greeting[1..])?;
    // The connection's number, eight bytes of the nonce, a filler, what the server can do, its
    // character set and state, and the nonce's length.
    let (first, rest) = (rest.get(4..12)?, rest.get(13..)?);
    let length = usize::from(*rest.get(7)?);
    let rest = rest.get(18..)?;
    let second = rest.get(..length.saturating_sub(8).max(13).min(rest.len()))?;
    let plugin = text(&rest[second.len()..]).map_or(NATIVE, |(plugin, _)| plugin);
    let second = second.strip_suffix(&[0]).unwrap_or(second);
    Some(([first, second].concat(), plugin.to_owned()))
}

fn reply(login: Login<'_>, nonce: &[u8], plugin: &str) -> Vec<u8> {
    // Of an unknown plug-in nothing can be proven; the server names another one then.
    let (plugin, proof) = match proof(plugin, login.password, nonce) {
        Some(proof) => (plugin, proof),
        None => (NATIVE, Vec::new()),
    };
    let mut packet = CAPABILITIES.to_le_bytes().to_vec();
    packet.extend_from_slice(&(1_u32 << 24).to_le_bytes());
    packet.push(UTF8);
    packet.extend_from_slice(&[0; 23]);
    packet.extend_from_slice(login.user.as_bytes());
    packet.push(0);
    packet.push(u8::try_from(proof.len()).unwrap_or(0));
    packet.extend_from_slice(&proof);
    packet.extend_from_slice(plugin.as_bytes());
    packet.push(0);
    packet
}

/// The proof that the password is known; `None` for a plug-in that is not.
fn proof(plugin: &str, password: &str, nonce: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match plugin {
        NATIVE => &SHA1_FOR_LEGACY_USE_ONLY,
        CACHING => &SHA256,
        _ => return None,
    };
    if password.is_empty() {
        return Some(Vec::new());
    }
    let once = digest(algorithm, password.as_bytes());
    let twice = digest(algorithm, once.as_ref());
    let salted = if plugin == NATIVE { [nonce, twice.as_ref()].concat() } else { [twice.as_ref(), nonce].concat() };
    let salted = digest(algorithm, &salted);
    Some(once.as_ref().iter().zip(salted.as_ref()).map(|(one, other)| one ^ other).collect())
}

/// A text that ends with a zero, and what follows it.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    const NONCE: &[u8; 20] = b"0123456789abcdefghij";

    fn greeting(plugin: &str) -> Vec<u8> {
        let mut packet = b"\x0a8.0.36\0\x01\0\0\0".to_vec();
        packet.extend_from_slice(&NONCE[..8]);
        packet.extend_from_slice(b"\0\xff\xff\x21\x02\0\xff\xff\x15");
        packet.extend_from_slice(&[0; 10]);
        packet.extend_from_slice(&NONCE[8..]);
        packet.push(0);
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
        packet
    }

    /// A server that plays its part: what it says after each packet of the client.
    async fn play(mut stream: DuplexStream, script: Vec<Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
        let mut wire = Wire { stream: &mut stream, sequence: 0 };
        let mut heard = Vec::new();
        for (turn, packets) in script.into_iter().enumerate() {
            if turn > 0 {
                let Ok(packet) = wire.read().await else { break };
                heard.push(packet);
            }
            for packet in packets {
                wire.write(&packet).await.unwrap();
            }
        }
        heard
    }

    async fn ask(statement: &str, password: &str, script: Vec<Vec<Vec<u8>>>) -> (bool, Vec<Vec<u8>>) {
        let (mut client, server) = duplex(4096);
        let server = tokio::spawn(play(server, script));
        let login = Login { user: "monitor", password, statement };
        let serving = is_serving(&mut client, Some(login)).await.unwrap();
        drop(client);
        (serving, server.await.unwrap())
    }

    fn ok() -> Vec<u8> {
        b"\0\0\0\x02\0\0\0".to_vec()
    }

    fn failed() -> Vec<u8> {
        b"\xff\x15\x04#28000denied".to_vec()
    }

    fn rows(rows: &[&[u8]]) -> Vec<Vec<u8>> {
        let end = b"\xfe\0\0\x02\0".to_vec();
        let mut packets = vec![vec![2], b"\x03defa".to_vec(), b"\x03defb".to_vec(), end.clone()];
        packets.extend(rows.iter().map(|row| row.to_vec()));
        packets.push(end);
        packets
    }

    #[tokio::test]
    async fn a_login_and_a_statement_are_sent() {
        let script = vec![vec![greeting(NATIVE)], vec![ok()], rows(&[b"\x011"])];
        let (serving, heard) = ask("select 1", "secret", script).await;
        assert!(serving);
        assert_eq!(heard[1], b"\x03select 1");
        let hello = &heard[0][32..];
        assert!(hello.starts_with(b"monitor\0\x14"), "{hello:?}");
        assert_eq!(&hello[9..29], proof(NATIVE, "secret", NONCE).unwrap());
        assert_eq!(&hello[29..], b"mysql_native_password\0");
    }

    #[tokio::test]
    async fn newer_logins_are_proven_by_their_digest() {
        let script = vec![vec![greeting(CACHING)], vec![vec![MORE, IS_KNOWN], ok()], vec![ok()]];
        let (serving, heard) = ask("do 1", "secret", script).await;
        assert!(serving);
        assert_eq!(&heard[0][41..73], proof(CACHING, "secret", NONCE).unwrap());
        // The server wants the password itself.
        assert!(ask("do 1", "secret", vec![vec![greeting(CACHING)], vec![vec![MORE, 4]]]).await.0);
    }

    #[tokio::test]
    async fn the_server_may_choose_another_plug_in() {
        let switch = [b"\xfemysql_native_password\0", &NONCE[..], b"\0"].concat();
        let script = vec![vec![greeting("sha256_password")], vec![switch], vec![ok()], vec![ok()]];
        let (serving, heard) = ask("do 1", "secret", script).await;
        assert!(serving);
        assert_eq!(heard[1], proof(NATIVE, "secret", NONCE).unwrap());
        let unknown = b"\xfedialog\0nonce\0".to_vec();
        assert!(!ask("do 1", "secret", vec![vec![greeting(NATIVE)], vec![unknown]]).await.0);
    }

    #[tokio::test]
    async fn refusals_count_as_failures() {
        assert!(!ask("do 1", "wrong", vec![vec![greeting(NATIVE)], vec![failed()]]).await.0);
        assert!(!ask("no sql", "", vec![vec![greeting(NATIVE)], vec![ok()], vec![failed()]]).await.0);
        assert!(!ask("do 1", "", vec![vec![failed()]]).await.0);
        let (mut client, mut server) = duplex(64);
        server.write_all(b"\xff\xff\xff\0").await.unwrap();
        assert!(is_serving(&mut client, None).await.is_err(), "too long");
    }

    #[tokio::test]
    async fn a_replica_does_not_serve() {
        for (value, expected) in [(&b"\x09read_only\x03OFF"[..], true), (b"\x09read_only\x02ON", false)] {
            let script = vec![vec![greeting(NATIVE)], vec![ok()], rows(&[value])];
            assert_eq!(ask(READ_ONLY, "", script).await.0, expected);
        }
    }

    #[test]
    fn proofs_are_those_of_the_protocol() {
        // From the definition: digest(password) xor digest(nonce, digest(digest(password))).
        let native = proof(NATIVE, "pw", b"nonce").unwrap();
        let twice = digest(&SHA1_FOR_LEGACY_USE_ONLY, digest(&SHA1_FOR_LEGACY_USE_ONLY, b"pw").as_ref());
        let mask = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[b"nonce", twice.as_ref()].concat());
        let once: Vec<u8> = native.iter().zip(mask.as_ref()).map(|(one, other)| one ^ other).collect();
        assert_eq!(once, digest(&SHA1_FOR_LEGACY_USE_ONLY, b"pw").as_ref());
        assert_eq!(proof(CACHING, "pw", b"nonce").unwrap().len(), 32);
        assert_eq!(proof(NATIVE, "", b"nonce").unwrap(), b"");
        assert!(proof("dialog", "pw", b"nonce").is_none());
    }
}
