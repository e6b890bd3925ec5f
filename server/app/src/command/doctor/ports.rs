//! Whether the ports are free on this machine, and who has them if not.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
    path::Path,
};

use super::Check;

/// Nacos clients find gRPC at the HTTP port plus this.
pub(super) const GRPC_OFFSET: u16 = 1000;
/// The state of a socket that listens, as the kernel lists it.
const LISTENS: &str = "0A";

pub(super) fn look(bind: Option<IpAddr>, http: u16, data_dir: &Path) -> Vec<Check> {
    // The server of this data directory is where it belongs.
    let own = fs::read_to_string(data_dir.join("lock")).ok().and_then(|text| text.trim().parse().ok());
    [http, http.saturating_add(GRPC_OFFSET)].map(|port| port_check(bind, port, own)).into()
}

fn port_check(bind: Option<IpAddr>, port: u16, own: Option<u32>) -> Check {
    let name = format!("port {port}");
    let hosts = bind.map_or_else(|| vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()], |ip| vec![ip]);
    for host in hosts {
        let Err(error) = TcpListener::bind((host, port)) else { continue };
        match error.kind() {
            io::ErrorKind::AddrInUse => return taken(name, port, own),
            // A machine may have one version of IP only.
            _ if bind.is_none() && host.is_ipv6() => {}
            io::ErrorKind::PermissionDenied => {
                let advice = "take a port from 1024 on, or allow this one to the user (CAP_NET_BIND_SERVICE)";
                return Check::fail(name, format!("must not be used: {error}"), advice);
            }
            _ => {
                return Check::fail(
                    name,
                    format!("{host}: {error}"),
                    "check --bind: it must be an address of this machine",
                );
            }
        }
    }
    Check::ok(name, "free")
}

fn taken(name: String, port: u16, own: Option<u32>) -> Check {
    match owner(port) {
        Some((pid, program)) if Some(pid) == own => {
            Check::ok(name, format!("used by this server: {program}, process {pid}"))
        }
        Some((pid, program)) => {
            let advice = "stop that program, or choose another port with --port";
            Check::fail(name, format!("used by {program}, process {pid}"), advice)
        }
        None if own.is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists()) => {
            Check::ok(name, "used, as a server runs on this data directory")
        }
        None => {
            let advice = "find the program as root (ss -ltnp), or choose another port with --port";
            Check::fail(name, "used by a program of another user", advice)
        }
    }
}

/// The process that listens on a port, as far as this user may see it.
fn owner(port: u16) -> Option<(u32, String)> {
    let lists = ["/proc/net/tcp", "/proc/net/tcp6"].map(|list| fs::read_to_string(list).unwrap_or_default());
    let inodes: Vec<String> = lists.iter().flat_map(|list| listening(list, port)).collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
        let has = files.flatten().filter_map(|file| fs::read_link(file.path()).ok()).any(|target| {
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
            inode.is_some_and(|inode| inodes.iter().any(|wanted| wanted == inode))
        });
        if has {
            let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some((pid, program.trim().to_owned()));
        }
    }
    None
}

/// Inodes of the sockets that listen on a port, from a list of the kernel.
fn listening(list: &str, port: u16) -> Vec<String> {
    let end = format!(":{port:04X}");
    let rows = list.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        (local.ends_with(&end) && *state == LISTENS).then(|| (*inode).to_owned())
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Status;

    #[test]
    fn who_has_a_port_is_named() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let me = std::process::id();
        let check = port_check(Some(Ipv4Addr::LOCALHOST.into()), port, None);
        assert_eq!(check.status, Status::Fail);
        assert!(check.found.contains(&format!("process {me}")), "{}", check.found);
        assert_eq!(port_check(Some(Ipv4Addr::LOCALHOST.into()), port, Some(me)).status, Status::Ok);
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        let check = port_check(Some(Ipv4Addr::new(192, 0, 2, 1).into()), 0, None);
        assert_eq!(check.status, Status::Fail);
    }

    #[test]
    fn lists_of_the_kernel_are_read() {
        let list = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                    0: 00000000:2290 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1 0 100 0\n\
                    1: 0100007F:2290 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000 0 4712 1 0 100 0\n";
        assert_eq!(listening(list, 8848), ["4711"]);
        assert!(listening(list, 9848).is_empty());
    }
}
