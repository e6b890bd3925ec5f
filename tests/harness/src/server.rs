//! A server binary run as a child process: free ports, a directory of its own, start, stop, kill and restart.
//!
//! The binary is named by `NACRE_SERVER`, otherwise it is `nacre` in the build directory of the running test.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

pub(crate) mod ports;

use crate::http::Http;
use ports::Ports;

const LOG_LINES_SHOWN: usize = 200;

/// How a server is started. `Options::new()` gives a server on free loopback ports with an empty directory.
#[derive(Debug, Clone)]
pub struct Options {
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    data: Option<PathBuf>,
    bind: Option<String>,
    ready_within: Duration,
    stop_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The defaults: `auth.enabled=false`, 30 s to become ready, 30 s to stop.
    pub fn new() -> Self {
        Self {
            settings: vec![("auth.enabled".into(), "false".into())],
            environment: Vec::new(),
            data: None,
            bind: Some("127.0.0.1".into()),
            ready_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(30),
        }
    }

    /// Adds `--set key=value`.
    pub fn set(mut self, key: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.settings.push((key.into(), value.to_string()));
        self
    }

    /// Adds an environment variable.
    pub fn env(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.environment.push((name.into(), value.to_string()));
        self
    }

    /// Keeps the data in `path` instead of a temporary directory.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Leaves `--bind` away, so that the server chooses its addresses.
    pub fn bind_by_default(mut self) -> Self {
        self.bind = None;
        self
    }

    /// The time in which the server must become ready.
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }

    /// The time in which the server must end after SIGTERM.
    pub fn stop_within(mut self, limit: Duration) -> Self {
        self.stop_within = limit;
        self
    }

    /// Reserves ports and a directory without starting the server.
    ///
    /// # Errors
    /// When no binary is there or no ports are free.
    pub fn prepare(self) -> Result<Server> {
        let binary = binary()?;
        let home = tempfile::Builder::new().prefix("nacre-test-").tempdir().context("temporary directory")?;
        let data = self.data.clone().unwrap_or_else(|| home.path().join("data"));
        Ok(Server { binary, ports: Ports::reserve()?, home, data, options: self, running: None })
    }

    /// Starts the server and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not become ready in time; its log is part of the error.
    pub async fn start(self) -> Result<Server> {
        let mut server = self.prepare()?;
        server.start().await?;
        Ok(server)
    }
}

/// A server of a test. Dropping it kills the process and removes its directory.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    ports: Ports,
    home: tempfile::TempDir,
    data: PathBuf,
    options: Options,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    pid: Pid,
    output: Option<Lines<BufReader<ChildStdout>>>,
    drain: Option<AbortHandle>,
    http: Option<SocketAddr>,
    grpc: Option<SocketAddr>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(drain) = &self.drain {
            drain.abort();
        }
    }
}

impl Server {
    /// Starts the process and waits for its ready line; answers the time that took.
    ///
    /// # Errors
    /// When it ends or stays silent instead; its log is part of the error.
    pub async fn start(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.spawn()?;
        self.wait_ready().await?;
        Ok(started.elapsed())
    }

    /// Lets go of the reserved TCP ports, so that nobody answers there until the server is started.
    pub fn free_ports(&mut self) {
        self.ports.release();
    }

    /// Starts the process without waiting for anything.
    ///
    /// # Errors
    /// When it runs already or cannot be executed.
    pub fn spawn(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "the server runs already");
        self.ports.release();
        let log = File::options().create(true).append(true).open(self.log_path()).context("log file")?;
        let mut command = Command::new(&self.binary);
        command.arg("server").arg("--data-dir").arg(&self.data).arg("--port").arg(self.ports.http().to_string());
        if let Some(address) = &self.options.bind {
            command.arg("--bind").arg(address);
        }
        for (key, value) in &self.options.settings {
            command.arg("--set").arg(OsString::from(format!("{key}={value}")));
        }
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("start {}", self.binary.display()))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("process id")?;
        let output = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
        self.running = Some(Running { child, pid, output, drain: None, http: None, grpc: None });
        Ok(())
    }

    /// Waits for the ready line of a process started by [`Server::spawn`].
    ///
    /// # Errors
    /// When the process ends or is not ready in time.
    pub async fn wait_ready(&mut self) -> Result<()> {
        let limit = self.options.ready_within;
        let running = self.running.as_mut().context("the server does not run")?;
        let mut lines = running.output.take().context("already waited for the ready line")?;
        let found = timeout(limit, async {
            while let Some(line) = lines.next_line().await.context("read stdout")? {
                if let Some(addresses) = ready_line(&line) {
                    return addresses.with_context(|| format!("odd ready line: {line}")).map(Some);
                }
            }
            Ok(None)
        })
        .await;
        match found {
            Ok(Ok(Some((http, grpc)))) => {
                (running.http, running.grpc) = (Some(http), Some(grpc));
                let mut log = tokio::fs::File::options().append(true).open(self.home.path().join("server.log")).await?;
                let drain = tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        let _ = log.write_all(format!("stdout: {line}\n").as_bytes()).await;
                    }
                });
                running.drain = Some(drain.abort_handle());
                Ok(())
            }
            Ok(Ok(None)) => {
                let status = self.wait_exit(Duration::from_secs(5)).await?;
                bail!("the server ended ({status}) before it was ready\n{}", self.log_tail())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => bail!("the server was not ready within {limit:?}\n{}", self.log_tail()),
        }
    }

    /// Waits until the process has ended by itself.
    ///
    /// # Errors
    /// When it still runs after `limit`.
    pub async fn wait_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        let running = self.running.as_mut().context("the server does not run")?;
        match timeout(limit, running.child.wait()).await {
            Ok(status) => {
                self.running = None;
                status.context("wait for the server")
            }
            Err(_) => bail!("the server still runs after {limit:?}\n{}", self.log_tail()),
        }
    }

    /// Sends SIGTERM and waits for an end with status 0.
    ///
    /// # Errors
    /// When the process does not end in time or ends with another status.
    pub async fn terminate(&mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let limit = self.options.stop_within;
        let status = self.wait_exit(limit).await?;
        ensure!(status.success(), "the server ended with {status} after SIGTERM\n{}", self.log_tail());
        Ok(())
    }

    /// Kills the process with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When no process runs.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.wait_exit(Duration::from_secs(20)).await.map(|_| ())
    }

    /// Kills the process and starts it again on the same ports and directory.
    ///
    /// # Errors
    /// As [`Server::kill`] and [`Server::start`].
    pub async fn crash_and_start(&mut self) -> Result<Duration> {
        self.kill().await?;
        self.start().await
    }

    /// Ends the process with SIGTERM and starts it again on the same ports and directory.
    ///
    /// # Errors
    /// As [`Server::terminate`] and [`Server::start`].
    pub async fn restart(&mut self) -> Result<Duration> {
        self.terminate().await?;
        self.start().await
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    /// When no process runs.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let running = self.running.as_ref().context("the server does not run")?;
        kill_process(running.pid, signal).context("signal the server")
    }

    /// Changes the options for the next start; ports and directory stay.
    pub fn reconfigure(&mut self, change: impl FnOnce(Options) -> Options) {
        self.options = change(self.options.clone());
    }

    /// Whether the process is there and has not ended.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| matches!(running.child.try_wait(), Ok(None)))
    }

    /// The HTTP address: as announced, or the reserved one before the server was ready.
    pub fn http_address(&self) -> SocketAddr {
        let announced = self.running.as_ref().and_then(|running| running.http);
        announced.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], self.ports.http())))
    }

    /// The gRPC address: as announced, or the reserved one before the server was ready.
    pub fn grpc_address(&self) -> SocketAddr {
        let announced = self.running.as_ref().and_then(|running| running.grpc);
        announced.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], self.ports.grpc())))
    }

    /// An HTTP client of this server.
    pub fn http(&self) -> Http {
        Http::new(self.http_address())
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The process id while the server runs.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.pid.as_raw_nonzero().get().cast_unsigned())
    }

    /// Resident memory of the process in bytes.
    ///
    /// # Errors
    /// When the process does not run.
    pub fn resident_bytes(&self) -> Result<u64> {
        let pid = self.pid().context("the server does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("process status")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS line")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("no VmRSS value")?.parse()?;
        Ok(kilobytes * 1024)
    }

    /// The sum of a metric over all its label sets, from the server's metrics page.
    ///
    /// # Errors
    /// When the page cannot be read or has no such metric.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let reply = self.http().get("/nacos/actuator/prometheus", &[]).await?;
        ensure!(reply.status == 200, "metrics page answered {}", reply.status);
        let text = reply.text();
        let values: Vec<f64> = text.lines().filter_map(|line| sample(line, name)).collect();
        ensure!(!values.is_empty(), "no metric {name}");
        Ok(values.iter().sum())
    }

    /// The whole log so far: standard error, and standard output after the ready line.
    pub fn log(&self) -> String {
        std::fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.home.path().join("server.log")
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let skipped = log.lines().count().saturating_sub(LOG_LINES_SHOWN);
        let tail: Vec<&str> = log.lines().skip(skipped).collect();
        format!("---- log of the server, last {} lines ----\n{}\n----", tail.len(), tail.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
    }
}

/// The server binary that tests start.
///
/// # Errors
/// When there is none.
pub fn binary() -> Result<PathBuf> {
    let path = match std::env::var_os("NACRE_SERVER") {
        Some(path) => PathBuf::from(path),
        None => {
            let test = std::env::current_exe().context("path of the running test")?;
            let folder = test.parent().context("folder of the running test")?;
            let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
            folder.join("nacre")
        }
    };
    ensure!(
        path.is_file(),
        "no server at {}: build it with `cargo build -p nacre-server` or name one in NACRE_SERVER",
        path.display()
    );
    Ok(path)
}

fn ready_line(line: &str) -> Option<Option<(SocketAddr, SocketAddr)>> {
    let rest = line.strip_prefix("nacre ready ")?;
    let address = |name: &str| rest.split_whitespace().find_map(|part| part.strip_prefix(name)?.parse().ok());
    Some(address("http=").zip(address("grpc=")))
}

fn sample(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix(name)?;
    let value = match rest.strip_prefix('{') {
        Some(labels) => labels.rsplit_once('}')?.1,
        None => rest.strip_prefix(' ')?,
    };
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_ready_line() {
        let found = ready_line("nacre ready http=127.0.0.1:8848 grpc=127.0.0.1:9848").flatten();
        let expected = ("127.0.0.1:8848".parse().unwrap(), "127.0.0.1:9848".parse().unwrap());
        assert_eq!(found, Some(expected));
        assert_eq!(ready_line("nacre starting"), None);
        assert_eq!(ready_line("nacre ready soon"), Some(None));
    }

    #[test]
    fn reads_metric_samples() {
        assert_eq!(sample("a_total 3", "a_total"), Some(3.0));
        assert_eq!(sample("a_total{b=\"c}\"} 4.5 170", "a_total"), Some(4.5));
        assert_eq!(sample("a_total_more 3", "a_total"), None);
        assert_eq!(sample("# HELP a_total", "a_total"), None);
    }
}
