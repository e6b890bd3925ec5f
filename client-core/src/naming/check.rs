//! What must hold of an instance before it is registered. Servers refuse the same, with the same code.

use super::model::Instance;
use crate::{
    error::Error,
    names::{ServiceKey, check_cluster, check_ip},
};

/// Keys and values of one instance's metadata together, in UTF-16 units.
const METADATA_LENGTH: usize = 1024;
const CLUSTER_LENGTH: usize = 64;

/// Checks an instance that is to be registered for `service`.
pub(crate) fn instance(instance: &Instance, service: &ServiceKey) -> Result<(), Error> {
    check_ip(&instance.ip)?;
    check_cluster(&instance.cluster)?;
    if !instance.weight.is_finite() {
        return Err(Error::invalid("Param 'weight' is illegal, it must be a finite number."));
    }
    let texts = instance.metadata.iter().flat_map(|(key, value)| [key, value]);
    let units: usize = texts.filter(|text| !text.trim().is_empty()).map(|text| text.encode_utf16().count()).sum();
    if units > METADATA_LENGTH {
        let reason = format!("Param 'Metadata' is illegal, the param length should not exceed {METADATA_LENGTH}.");
        return Err(Error::invalid(reason));
    }
    let interval = instance.heart_beat_interval();
    if instance.heart_beat_timeout() < interval || instance.ip_delete_timeout() < interval {
        let reason = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.";
        return Err(Error::invalid(reason));
    }
    match instance.service.as_deref() {
        Some(named) if !named.is_empty() => {
            let other = ServiceKey::new(service.group().as_str(), named)? != *service;
            if other {
                Err(Error::from_code(-400, format!("the instance is of {named}, not of {service}")))
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

/// Checks the instances of a batch. An empty one is legal: the service stays published, without instances.
pub(crate) fn batch(instances: &[Instance], service: &ServiceKey) -> Result<(), Error> {
    for one in instances {
        if !one.ephemeral {
            return Err(Error::invalid("a batch registers ephemeral instances only"));
        }
        instance(one, service)?;
    }
    Ok(())
}

/// Checks the clusters of a query: at most 64 of `A-Z a-z 0-9 _ -` each.
pub(crate) fn clusters(names: &[Box<str>]) -> Result<(), Error> {
    let legal = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if names.iter().all(|name| name.len() <= CLUSTER_LENGTH && name.chars().all(legal)) {
        return Ok(());
    }
    Err(Error::invalid("Param 'cluster' is illegal, illegal characters should not appear in the param."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, naming::HEART_BEAT_INTERVAL};

    fn refused(one: &Instance) -> i32 {
        let service = ServiceKey::new("G", "orders").expect("legal names");
        let error = instance(one, &service).expect_err("illegal");
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{one:?}");
        assert!(!error.is_retryable());
        error.code()
    }

    #[test]
    fn what_servers_refuse_is_refused_before() {
        let good = Instance::new("10.0.0.1", 80);
        for bad in [
            Instance::new("", 80),
            Instance::new("a b", 80),
            Instance::new("\u{4e2d}", 80),
            Instance::new("h".repeat(129), 80),
            good.clone().with_cluster("a_b"),
            good.clone().with_cluster("c".repeat(65)),
            good.clone().with_weight(f64::NAN),
            good.clone().with_weight(f64::INFINITY),
            good.clone().with_metadata("k", "v".repeat(1024)),
            good.clone().with_metadata(HEART_BEAT_INTERVAL, "20000"),
            Instance { service: Some("a b".to_owned()), ..good.clone() },
        ] {
            assert_eq!(refused(&bad), 400);
        }
        let other_group = Instance { service: Some("H@@orders".to_owned()), ..good.clone() };
        assert!([400, -400].contains(&refused(&other_group)));
        assert_eq!(refused(&Instance { service: Some("G@@pay".to_owned()), ..good }), -400);
    }

    #[test]
    fn what_servers_take_is_let_through() {
        let service = ServiceKey::new("G", "orders").expect("legal names");
        for good in [
            Instance::new("host.example", 0),
            Instance::new("::1", 65_535).with_cluster(""),
            Instance::new("h", 1).with_weight(-1.0).with_metadata("\u{1f980}", "v".repeat(1022)),
            Instance::new("h", 1).with_metadata(HEART_BEAT_INTERVAL, "15000").with_metadata("x", ""),
            Instance { service: Some("G@@orders".to_owned()), ..Instance::new("h", 1) },
            Instance { service: Some("orders".to_owned()), ..Instance::new("h", 1) },
        ] {
            instance(&good, &service).unwrap_or_else(|error| panic!("{good:?}: {error}"));
        }
        assert!(batch(&[], &service).is_ok());
        let mixed = [Instance::new("h", 1), Instance::new("h", 2).persistent()];
        assert_eq!(batch(&mixed, &service).expect_err("persistent").code(), 400);
    }
}
