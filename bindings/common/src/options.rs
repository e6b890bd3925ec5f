//! Options as a host sends them: pairs of a tag and a value, then tag 0. What is not there has the engine's default.

use nacre_client::{
    Namespace, Options,
    options::{Endpoint, Identity, Keys, Login, Roots, ServerSource, TemporaryKeys, Tls},
};

use crate::{
    failure::Failure,
    wire::{Malformed, Reader, Result},
};

/// What a client is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    /// Clients with the same name share connections.
    pub(crate) pool: Option<String>,
}

impl Settings {
    /// Reads all there is.
    pub(crate) fn read(bytes: &[u8]) -> std::result::Result<Self, Failure> {
        let mut reader = Reader::new(bytes);
        let mut settings = Self::default();
        loop {
            match reader.u8()? {
                0 => break,
                6 => settings.options.namespace = Namespace::new(reader.str()?)?,
                27 => settings.pool = Some(reader.string()?),
                tag @ 40..60 => settings.naming(tag, &mut reader)?,
                tag @ 60..80 => settings.config(tag, &mut reader)?,
                tag => settings.general(tag, &mut reader)?,
            }
        }
        reader.end()?;
        Ok(settings)
    }

    fn general(&mut self, tag: u8, reader: &mut Reader<'_>) -> Result<()> {
        let options = &mut self.options;
        match tag {
            1 => options.servers = ServerSource::Fixed(reader.strings()?),
            2 => options.servers = ServerSource::Endpoint(endpoint(reader)?),
            3 => options.default_port = reader.unsigned()?,
            4 => options.grpc_port_offset = reader.unsigned()?,
            5 => options.context_path = reader.string()?,
            7 => options.app_name = reader.string()?,
            8 => options.labels = reader.pairs()?,
            9 => options.app_labels = reader.pairs()?,
            10 => options.client_version = reader.string()?,
            11 => options.client_ip = Some(reader.string()?),
            12 => options.credentials.login = Some(Login::new(reader.string()?, reader.string()?)),
            13 => options.credentials.keys = Some(keys(reader)?),
            14 => options.tls = Some(tls(reader)?),
            15 => options.request_timeout = reader.duration()?,
            16 => options.retries = reader.unsigned()?,
            17 => options.connect_timeout = reader.duration()?,
            18 => options.server_check_timeout = reader.duration()?,
            19 => options.ability_timeout = reader.duration()?,
            20 => options.keep_alive = reader.duration()?,
            21 => options.health_check_timeout = reader.duration()?,
            22 => options.health_check_retries = reader.unsigned()?,
            23 => options.http_timeout = reader.duration()?,
            24 => options.max_message_size = reader.unsigned()?,
            25 => options.random_start = reader.bool()?,
            26 => options.directory = Some(reader.string()?.into()),
            28 => options.credentials.temporary_keys = Some(temporary_keys(reader)?),
            // After 14, which it adds to.
            29 => {
                let identity = options.tls.as_mut().and_then(|tls| tls.identity.as_mut()).ok_or(Malformed)?;
                identity.password = Some(reader.string()?.into());
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn naming(&mut self, tag: u8, reader: &mut Reader<'_>) -> Result<()> {
        let naming = &mut self.options.naming;
        match tag {
            40 => naming.request_timeout = Some(reader.duration()?),
            41 => naming.load_cache_at_start = reader.bool()?,
            42 => naming.cache_folder = Some(reader.string()?),
            43 => naming.push_empty_protection = reader.bool()?,
            44 => naming.poll = reader.bool()?,
            45 => naming.failover_refresh = reader.duration()?,
            46 => naming.services_refresh = reader.duration()?,
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn config(&mut self, tag: u8, reader: &mut Reader<'_>) -> Result<()> {
        let config = &mut self.options.config;
        match tag {
            60 => config.request_timeout = Some(reader.duration()?),
            61 => config.app_key = reader.string()?,
            62 => config.snapshots = reader.bool()?,
            63 => config.environment_name = Some(reader.string()?),
            64 => config.full_sync = reader.duration()?,
            65 => config.listens_per_request = reader.unsigned()?,
            66 => config.failover_refresh = reader.duration()?,
            67 => config.max_content = reader.unsigned()?,
            _ => return Err(Malformed),
        }
        Ok(())
    }
}

fn endpoint(reader: &mut Reader<'_>) -> Result<Endpoint> {
    let mut endpoint = Endpoint::new(reader.string()?);
    endpoint.port = reader.unsigned()?;
    endpoint.context_path = reader.optional(Reader::string)?;
    endpoint.list = reader.string()?;
    endpoint.query = reader.string()?;
    endpoint.refresh = reader.duration()?;
    Ok(endpoint)
}

fn keys(reader: &mut Reader<'_>) -> Result<Keys> {
    let mut keys = Keys::new(reader.string()?, reader.string()?);
    keys.security_token = reader.optional(Reader::string)?.map(Into::into);
    keys.region = reader.optional(Reader::string)?;
    Ok(keys)
}

fn temporary_keys(reader: &mut Reader<'_>) -> Result<TemporaryKeys> {
    let mut keys = TemporaryKeys::at(reader.string()?);
    keys.refresh_before_end = reader.duration()?;
    keys.keep = reader.bool()?;
    keys.region = reader.optional(Reader::string)?;
    Ok(keys)
}

fn tls(reader: &mut Reader<'_>) -> Result<Tls> {
    let mut tls = Tls::default();
    tls.roots = match reader.u8()? {
        0 => Roots::Public,
        1 => Roots::File(reader.string()?.into()),
        2 => Roots::Any,
        _ => return Err(Malformed),
    };
    tls.identity = reader.optional(|reader| Ok(Identity::new(reader.string()?, reader.string()?)))?;
    tls.server_name = reader.optional(Reader::string)?;
    tls.http = reader.bool()?;
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{failure::Kind, wire::Writer};

    #[test]
    fn nothing_said_is_the_default() {
        let settings = Settings::read(&[0]).unwrap();
        assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()));
    }

    #[test]
    fn what_is_said_is_taken() {
        let bytes = Writer::new()
            .u8(1)
            .strings(&["a:1", "b:2"])
            .u8(6)
            .str("dev")
            .u8(15)
            .i64(1500)
            .u8(14)
            .u8(1)
            .str("/roots.pem")
            .bool(true)
            .str("/chain.pem")
            .str("/key.pem")
            .bool(false)
            .bool(true)
            .u8(29)
            .str("secret")
            .u8(27)
            .str("shared")
            .u8(43)
            .bool(true)
            .u8(65)
            .i32(7)
            .u8(0)
            .into_bytes();
        let settings = Settings::read(&bytes).unwrap();
        let options = &settings.options;
        assert_eq!(options.servers, ServerSource::Fixed(vec!["a:1".into(), "b:2".into()]));
        assert_eq!((options.namespace.as_str(), options.request_timeout), ("dev", Duration::from_millis(1500)));
        let tls = options.tls.as_ref().unwrap();
        assert_eq!((&tls.roots, tls.http), (&Roots::File("/roots.pem".into()), true));
        assert!(tls.identity.as_ref().unwrap().password.is_some());
        assert_eq!(settings.pool.as_deref(), Some("shared"));
        assert!(options.naming.push_empty_protection);
        assert_eq!(options.config.listens_per_request, 7);
    }

    #[test]
    fn what_is_unknown_or_wrong_is_refused() {
        let kind = |bytes: &[u8]| Settings::read(bytes).unwrap_err().kind;
        assert_eq!(kind(&[]), Kind::Internal);
        assert_eq!(kind(&[200, 0]), Kind::Internal, "an unknown tag");
        assert_eq!(kind(&[0, 0]), Kind::Internal, "something behind the end");
        assert_eq!(kind(&Writer::new().u8(3).i32(70_000).u8(0).into_bytes()), Kind::Internal, "no port");
        assert_eq!(kind(&Writer::new().u8(29).str("x").u8(0).into_bytes()), Kind::Internal, "no identity");
        assert_eq!(kind(&Writer::new().u8(6).str("a b").u8(0).into_bytes()), Kind::InvalidParameter);
    }
}
