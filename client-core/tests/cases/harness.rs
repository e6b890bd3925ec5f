//! The harness process as this runner uses it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

type Waiting = Mutex<HashMap<u64, oneshot::Sender<Value>>>;

pub(crate) struct Harness {
    requests: mpsc::UnboundedSender<String>,
    waiting: Arc<Waiting>,
    last: AtomicU64,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    child: Mutex<Option<Child>>,
}

impl Harness {
    /// The process that `NACRE_HARNESS` names; without it the same code within this process.
    pub(crate) async fn start() -> Arc<Self> {
        match std::env::var_os("NACRE_HARNESS") {
            Some(program) => {
                let mut command = Command::new(&program);
                command.arg("serve").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
                let mut child =
                    command.kill_on_drop(true).spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
                let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                Self::over(input, output, Vec::new(), Some(child)).await
            }
            None => {
                let (near, far) = tokio::io::duplex(1 << 20);
                let (output, input) = tokio::io::split(near);
                let (far_input, far_output) = tokio::io::split(far);
                let served = tokio::spawn(async move {
                    nacre_harness::serve::run(far_input, far_output).await.unwrap();
                });
                Self::over(input, output, vec![served], None).await
            }
        }
    }

    async fn over(
        mut input: impl AsyncWrite + Unpin + Send + 'static,
        output: impl AsyncRead + Unpin + Send + 'static,
        mut tasks: Vec<JoinHandle<()>>,
        child: Option<Child>,
    ) -> Arc<Self> {
        let waiting = Arc::<Waiting>::default();
        // A test sends few requests and waits for each.
        let (requests, mut receiver) = mpsc::unbounded_channel::<String>();
        tasks.push(tokio::spawn(async move {
            while let Some(line) = receiver.recv().await {
                input.write_all(line.as_bytes()).await.unwrap();
                input.flush().await.unwrap();
            }
            let _ = input.shutdown().await;
        }));
        let mut lines = BufReader::new(output).lines();
        let ready = lines.next_line().await.unwrap().expect("the harness says that it is ready");
        assert_eq!(serde_json::from_str::<Value>(&ready).unwrap()["ready"]["protocol"], json!(1));
        let answered = Arc::clone(&waiting);
        tasks.push(tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let answer: Value = serde_json::from_str(&line).unwrap();
                let waiting = answer["id"].as_u64().and_then(|id| answered.lock().remove(&id));
                if let Some(waiting) = waiting {
                    let _ = waiting.send(answer);
                }
            }
            // Whoever waits now waits in vain.
            answered.lock().clear();
        }));
        let (last, tasks, child) = (AtomicU64::new(0), Mutex::new(tasks), Mutex::new(child));
        Arc::new(Self { requests, waiting, last, tasks, child })
    }

    pub(crate) async fn ask(
        &self,
        scope: &str,
        operation: &str,
        args: &Value,
        limit_ms: Option<u64>,
    ) -> Result<Value, String> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(id, sender);
        let mut request = json!({"id": id, "scope": scope, "do": operation, "args": args});
        if let Some(limit) = limit_ms {
            request["limit_ms"] = json!(limit);
        }
        self.requests.send(format!("{request}\n")).map_err(|_| "the harness has ended")?;
        let mut answer = receiver.await.map_err(|_| "the harness has ended")?;
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or("no text").to_owned()),
            None => Ok(answer["value"].take()),
        }
    }

    /// Ends the harness and whatever it still runs.
    pub(crate) async fn stop(self: Arc<Self>, limit: Duration) {
        let Ok(harness) = Arc::try_unwrap(self).map_err(drop) else { panic!("a case is still running") };
        drop(harness.requests);
        for task in harness.tasks.into_inner() {
            timeout(limit, task).await.expect("the harness ends with its input").unwrap();
        }
        if let Some(mut child) = harness.child.into_inner() {
            assert!(timeout(limit, child.wait()).await.expect("the harness ends").unwrap().success());
        }
    }
}
