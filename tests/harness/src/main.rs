//! `nacre-harness serve`: what behaviour cases need beside the client under test, over JSON lines.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["serve"] {
        eprintln!(
            "usage: nacre-harness serve\nspeaks JSON lines on standard input and output, see tests/cases/README.md"
        );
        return ExitCode::from(2);
    }
    match nacre_harness::serve::run(tokio::io::stdin(), tokio::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nacre-harness: {error:#}");
            ExitCode::FAILURE
        }
    }
}
