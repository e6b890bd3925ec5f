//! Archives that unpack to too much, or whose names lead elsewhere.

use std::io::{Cursor, Write};
use std::path::Path;

use nacre_harness::Server;
use nacre_harness::http::{Reply, Request};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{LIMIT, MEBIBYTE, Victim};

async fn import(server: &Server, file: &[u8]) -> Reply {
    let mut body = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.zip\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = Request::new("POST", "/nacos/v1/cs/configs?import=true&policy=OVERWRITE");
    let request = request.header("Content-Type", "multipart/form-data; boundary=edge").body(body);
    server.http().within(LIMIT * 2).send(&request).await.unwrap()
}

/// Entries of zeros, each of so many mebibytes.
fn bomb(entries: usize, mebibytes: u64) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![b'0'; MEBIBYTE as usize];
    for number in 0..entries {
        archive.start_file(format!("g/bomb-{number}"), SimpleFileOptions::default()).unwrap();
        for _ in 0..mebibytes {
            archive.write_all(&zeros).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

fn files_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zip_bomb_does_not_go_off() {
    let mut victim = Victim::start().await;
    for (entries, mebibytes) in [(1, 300), (30, 10)] {
        let file = bomb(entries, mebibytes);
        assert!((file.len() as u64) < 2 * MEBIBYTE, "it is small: {}", file.len());
        let reply = import(&victim.server, &file).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        victim.still_serves().await;
    }
    let mut flood = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..100_001 {
        flood.start_file(format!("g/{number}"), SimpleFileOptions::default()).unwrap();
    }
    let reply = import(&victim.server, &flood.finish().unwrap().into_inner()).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let count = victim.server.metric("nacre_config_configs").await.unwrap();
    assert_eq!(count, 1.0, "only that of the healthy client");
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_in_an_archive_lead_nowhere() {
    let mut victim = Victim::start().await;
    let names = [
        "../climbed-a",
        "../../../../../../../../tmp/climbed-b",
        "/tmp/climbed-c",
        "g/../../climbed-d",
        "g/..\\climbed-e",
        "..\\..\\climbed-f",
        "C:\\climbed-g",
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(b"climbed").unwrap();
    }
    archive.start_file("g/fine", SimpleFileOptions::default()).unwrap();
    archive.write_all(b"fine").unwrap();
    let reply = import(&victim.server, &archive.finish().unwrap().into_inner()).await;
    assert!(reply.status < 500, "{}", reply.text());
    let read = victim.server.http().get("/nacos/v1/cs/configs", &[("dataId", "fine"), ("group", "g")]).await.unwrap();
    assert_eq!(read.text(), "fine", "{}", reply.text());
    let home = victim.server.data_dir().parent().unwrap();
    let places = [home.to_owned(), std::env::temp_dir(), std::env::current_dir().unwrap()];
    for place in &places[1..] {
        let climbed = |name: &str| name.contains("climbed-");
        let mut entries = std::fs::read_dir(place).unwrap().flatten();
        assert!(!entries.any(|entry| climbed(&entry.file_name().to_string_lossy())), "a file in {}", place.display());
    }
    assert!(!files_below(&places[0]).iter().any(|path| path.contains("climbed-")));
    victim.still_serves().await;
    victim.recovers().await;
}
