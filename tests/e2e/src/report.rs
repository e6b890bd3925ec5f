//! Runs many scenarios side by side and judges the result against the list of known differences.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

const LINES_SHOWN: usize = 12;

/// The folder with the captured scenarios.
pub fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Reads a TOML file of the vectors' folder.
///
/// # Errors
/// When the file is missing or does not fit.
pub fn data_file<T: for<'de> Deserialize<'de>>(name: &str) -> Result<T> {
    let path = vectors().join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

/// Scenarios that a server of ours answers differently, each with the reason.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifferences {
    /// gRPC scenarios by name.
    #[serde(default)]
    pub grpc: BTreeMap<String, String>,
    /// HTTP scenarios by name.
    #[serde(default)]
    pub http: BTreeMap<String, String>,
}

/// The scenario's differences, empty when it passed.
pub type Work = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;

/// One scenario to run.
pub struct Job {
    /// The scenario's name.
    pub name: String,
    /// Long ones start first, so that the run does not end on them.
    pub expected: Duration,
    /// Runs the scenario.
    pub work: Work,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Job").field("name", &self.name).field("expected", &self.expected).finish()
    }
}

/// Runs the jobs, `at_once` at a time, prints the differences of those that fail, and answers the names of the ones
/// that failed without being listed in `known`.
pub async fn run(mut jobs: Vec<Job>, at_once: usize, known: &BTreeMap<String, String>) -> Vec<String> {
    let total = jobs.len();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.expected));
    let places = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    let started = Instant::now();
    for job in jobs {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.expect("the semaphore is never closed");
            let started = Instant::now();
            let differences = job.work.await;
            (job.name, differences, started.elapsed())
        });
    }
    let (mut failed, mut expected) = (Vec::new(), 0);
    while let Some(done) = running.join_next().await {
        let (name, differences, took) = done.expect("a scenario does not panic");
        match (differences.is_empty(), known.get(&name)) {
            (true, None) => {}
            (true, Some(_)) => println!("warning: {name} is listed as a known difference and passes"),
            (false, Some(reason)) => {
                expected += 1;
                println!("known {name}: {reason}");
            }
            (false, None) => {
                println!("FAIL {name} ({:.1} s)", took.as_secs_f64());
                for line in differences.iter().take(LINES_SHOWN) {
                    println!("     {line}");
                }
                failed.push(name);
            }
        }
    }
    let passed = total - failed.len() - expected;
    let seconds = started.elapsed().as_secs_f64();
    println!("{passed} passed, {} failed, {expected} known differences, {seconds:.0} s", failed.len());
    failed.sort();
    failed
}

/// Whether a developer asked for this scenario: `NACRE_VECTORS` holds parts of names, separated by commas.
pub fn chosen(name: &str) -> bool {
    let Ok(wanted) = std::env::var("NACRE_VECTORS") else { return true };
    wanted.split(',').any(|part| name.contains(part))
}

/// The factor on upper limits of waiting: `NACRE_SLACK`, 2 by default, since tests share their machine.
pub fn slack() -> f64 {
    std::env::var("NACRE_SLACK").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0)
}

/// The scenario files of a folder, by name.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn scenario_files(folder: &str) -> Result<BTreeMap<String, crate::json::Json>> {
    let path = vectors().join(folder);
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&path).with_context(|| path.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().context("file name")?.to_string_lossy().into_owned();
            let scenario = crate::json::Json::parse(&std::fs::read(&path)?);
            found.insert(name, scenario.with_context(|| format!("{} is not JSON", path.display()))?);
        }
    }
    Ok(found)
}
