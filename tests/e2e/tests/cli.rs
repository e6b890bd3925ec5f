//! The commands of `nacre` that talk to a server as a client, as a shell sees them: output, exit codes, signals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "cli/administration.rs"]
mod administration;
#[path = "cli/backup.rs"]
mod backup;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/config_admin.rs"]
mod config_admin;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/failures.rs"]
mod failures;
#[path = "cli/service.rs"]
mod service;

use std::{
    process::{Output, Stdio},
    time::Duration,
};

use nacre_harness::{Options, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const SOON: Duration = Duration::from_secs(20);

async fn server() -> Server {
    Options::new().start().await.unwrap()
}

/// `nacre` with these words, cut at blanks; it knows the server if there is one.
fn nacre(server: Option<&Server>, words: &str) -> Command {
    let mut command = Command::new(nacre_harness::server::binary().unwrap());
    command.args(words.split_whitespace()).env_remove("NO_COLOR").kill_on_drop(true).stdin(Stdio::null());
    if let Some(server) = server {
        command.arg("--server").arg(server.http_address().to_string());
    }
    command
}

async fn output(mut command: Command) -> Output {
    timeout(SOON, command.output()).await.expect("ends in time").unwrap()
}

/// Runs a command that has to succeed; answers its standard output.
async fn done(server: &Server, words: &str) -> String {
    let output = output(nacre(Some(server), words)).await;
    let (text, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{words}: {} {errors}", output.status);
    assert_eq!(errors, "", "{words}");
    text
}

async fn json(server: &Server, words: &str) -> Value {
    serde_json::from_str(&done(server, &format!("{words} --output json")).await).unwrap()
}

/// The exit code and standard error of a command that has nothing to say otherwise.
async fn fails(command: Command) -> (i32, String) {
    let output = output(command).await;
    assert_eq!(text(&output.stdout), "");
    (output.status.code().unwrap(), text(&output.stderr))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(input).await.unwrap();
    drop(pipe);
    timeout(SOON, child.wait_with_output()).await.expect("ends in time").unwrap()
}

/// A command that goes on until it is told to stop.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> Value {
        let line = timeout(SOON, self.lines.next_line()).await.expect("a line in time").unwrap().expect("it runs");
        serde_json::from_str(&line).unwrap()
    }

    /// The next line that is as wanted; changes may be told one by one or several as one.
    async fn line_with(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line().await;
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Sends a signal and answers the exit code and what it has said to people.
    async fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        let pid = Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
        let mut errors = String::new();
        let read = self.child.stderr.as_mut().unwrap().read_to_string(&mut errors);
        timeout(SOON, read).await.expect("ends in time").unwrap();
        (self.child.wait().await.unwrap().code(), errors)
    }
}
