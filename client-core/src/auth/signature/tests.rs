use std::time::Duration;

use super::*;

/// 2024-02-29 12:00:00 UTC.
const NOON: u64 = 1_709_208_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signed(signer: &Signer, resource: Resource<'_>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    signer.sign(resource, at(NOON), &mut headers);
    headers.sort();
    headers
}

fn pairs<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn config<'a>(namespace: &'a str, group: &'a str) -> Resource<'a> {
    Resource::Config { namespace, group, data_id: "d" }
}

#[test]
fn dates_of_the_calendar() {
    for (seconds, text) in [(0, "19700101"), (NOON, "20240229"), (951_868_800, "20000301"), (4_102_444_799, "20991231")]
    {
        assert_eq!(date(at(seconds)), text);
    }
}

#[test]
fn config_requests_sign_tenant_and_group() {
    // The expected signatures of these tests come from another implementation of HMAC.
    let signer = Signer::new(Keys::new("ak", "sk"));
    let headers = signed(&signer, config("dev", "orders"));
    assert_eq!(
        pairs(&headers),
        [("Spas-AccessKey", "ak"), ("Spas-Signature", "bGpcYWx9oVDQdduHejWjFVngyCY="), ("Timestamp", "1709208000000"),]
    );
    for (namespace, group, data) in [
        ("dev", "orders", "dev+orders+1709208000000"),
        ("", "orders", "orders+1709208000000"),
        ("dev", "", "dev+1709208000000"),
        ("", "", "1709208000000"),
    ] {
        let headers = signed(&signer, config(namespace, group));
        assert_eq!(headers[1].1, signer.signature(at(NOON), data));
    }
    assert_eq!(signed(&signer, Resource::ConfigBatch), signed(&signer, config("", "")));
}

#[test]
fn naming_requests_sign_the_grouped_name() {
    let signer = Signer::new(Keys::new("ak", "sk"));
    let naming = |group, service| Resource::Naming { namespace: "public", group, service };
    let headers = signed(&signer, naming("g", "orders"));
    assert_eq!(
        pairs(&headers),
        [("ak", "ak"), ("data", "1709208000000@@g@@orders"), ("signature", "50K4HcDPn60vLvT20jqvFaBR3Bo=")]
    );
    for (group, service, data) in [
        ("g", "h@@orders", "1709208000000@@h@@orders"),
        ("", "orders", "1709208000000@@orders"),
        ("", "", "1709208000000"),
        ("g", "", "1709208000000@@g@@"),
    ] {
        assert_eq!(signed(&signer, naming(group, service))[1].1, data);
    }
}

#[test]
fn a_region_derives_the_key_of_the_day() {
    let mut keys = Keys::new("ak", "sk");
    keys.region = Some("cn-hangzhou".to_owned());
    let signer = Signer::new(keys);
    let headers = signed(&signer, config("dev", "orders"));
    assert!(headers.contains(&("signatureVersion", "v4".to_owned())));
    assert!(headers.contains(&("Spas-Signature", "gHkPn2kNnb1oQfRSrQ6yCuSaWvw=".to_owned())), "{headers:?}");
    let today = signer.derived_key(date(at(NOON)), "cn-hangzhou");
    assert_eq!(&*today, "EXiRNVCSaK1LUG4G8ONXG31i/3bQJuuxxfAm7J4Xn4I=");
    assert_ne!(signer.derived_key(date(at(NOON + 86_400)), "cn-hangzhou"), today);
}

#[test]
fn temporary_keys_send_their_token_and_locks_only_the_access_key() {
    let mut keys = Keys::new("ak", "sk");
    keys.security_token = Some("sts".into());
    let signer = Signer::new(keys);
    let lock = signed(&signer, Resource::Lock);
    assert_eq!(pairs(&lock), [("Spas-SecurityToken", "sts"), ("ak", "ak")]);
    assert!(signed(&signer, config("", "g")).contains(&("Spas-SecurityToken", "sts".to_owned())));
    assert!(signed(&signer, Resource::None).is_empty());
}
