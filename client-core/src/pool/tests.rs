use super::*;
use crate::options::Endpoint;

/// Nobody is there; what is counted are connections that are tried.
fn options(change: impl FnOnce(&mut Options)) -> Arc<Options> {
    let mut options = Options { servers: ServerSource::Fixed(vec!["127.0.0.1:1".into()]), ..Options::default() };
    change(&mut options);
    Arc::new(options)
}

fn open(pool: &Pool, change: impl FnOnce(&mut Options)) -> Arc<Lines> {
    Lines::open(options(change), pool.clone()).unwrap()
}

#[tokio::test]
async fn an_address_server_may_know_namespaces_apart() {
    let pool = Pool::new();
    let dev = |options: &mut Options| options.namespace = Namespace::new("dev").unwrap();
    let fixed = [open(&pool, |_| {}), open(&pool, dev)];
    assert!(Arc::ptr_eq(fixed[0].main(), fixed[1].main()));
    let endpoint = |options: &mut Options| options.servers = ServerSource::Endpoint(Endpoint::new("127.0.0.1"));
    let listed = [open(&pool, endpoint), open(&pool, |options| (endpoint(options), dev(options)).0)];
    assert!(!Arc::ptr_eq(listed[0].main(), listed[1].main()));
    assert_eq!(pool.connections(), 3);
}

#[tokio::test]
async fn a_line_that_is_not_taken_is_left_again() {
    let pool = Pool::new();
    let (one, two) = (open(&pool, |_| {}), open(&pool, |_| {}));
    // Two takes a second line; one looks at it and needs a third.
    let main = Arc::clone(two.main());
    let second = two.first(|line| !std::ptr::eq(line, &*main)).unwrap();
    assert_eq!((two.all().len(), one.all().len(), pool.connections()), (2, 1, 2));
    let third = one.first(|line| !std::ptr::eq(line, &*main) && !std::ptr::eq(line, &*second)).unwrap();
    assert_eq!((one.all().len(), pool.connections()), (2, 3));
    assert!(Arc::ptr_eq(&one.first(|line| std::ptr::eq(line, &*third)).unwrap(), &third));
    assert_eq!(one.all().len(), 2);

    drop((second, third));
    drop(two);
    assert_eq!(pool.connections(), 2, "the second line was two's alone");
    one.close(Duration::from_secs(1)).await;
    assert_eq!(pool.connections(), 0);
    assert!(one.first(|_| true).is_err(), "who is closed gets no line");
    assert!(one.all().is_empty());
}
