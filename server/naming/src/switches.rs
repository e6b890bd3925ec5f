//! What operators switch while the server runs. The names are those of Nacos; all of them can be read and set, and
//! those that this server has no part for have no effect.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use nacre_consensus::{Applied, Command, DecodeError, Scan, StateBatch, StateMachine, StateReader};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::{Settings, shard::NAMING};

/// The first byte of a switch's row.
const ROW: u8 = b'W';

/// How often a kind of health check runs: between `min` and `max` milliseconds after the last one, the more of `factor`
/// the more slowly the time follows the answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckTimes {
    /// The longest time.
    pub max: u64,
    /// The shortest time.
    pub min: u64,
    /// The share of the former time in the next, 0 to 1.
    pub factor: f64,
}

/// All switches with their present values, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Nacos, section 9.4 of its API")]
pub struct Switches {
    pub masters: Option<Vec<String>>,
    pub ad_weight_map: BTreeMap<String, i32>,
    pub default_push_cache_millis: u64,
    pub client_beat_interval: u64,
    pub default_cache_millis: u64,
    pub distro_threshold: f64,
    pub health_check_enabled: bool,
    pub auto_change_health_check_enabled: bool,
    pub distro_enabled: bool,
    pub enable_standalone: bool,
    pub push_enabled: bool,
    pub check_times: u32,
    pub http_health_params: CheckTimes,
    pub tcp_health_params: CheckTimes,
    pub mysql_health_params: CheckTimes,
    pub incremental_list: Vec<String>,
    pub server_status_synchronization_period_millis: u64,
    pub service_status_synchronization_period_millis: u64,
    #[serde(rename = "disableAddIP")]
    pub disable_add_ip: bool,
    pub send_beat_only: bool,
    pub light_beat_enabled: bool,
    pub limited_url_map: BTreeMap<String, u16>,
    pub distro_server_expired_millis: u64,
    pub push_go_version: String,
    pub push_java_version: String,
    pub push_python_version: String,
    #[serde(rename = "pushCVersion")]
    pub push_c_version: String,
    #[serde(rename = "pushCSharpVersion")]
    pub push_csharp_version: String,
    pub enable_authentication: bool,
    pub overridden_server_status: Option<String>,
    pub default_instance_ephemeral: bool,
    pub health_check_white_list: Vec<String>,
    pub name: &'static str,
    pub checksum: Option<String>,
}

impl Switches {
    fn of(settings: &Settings) -> Self {
        let times = |max, min, factor| CheckTimes { max, min, factor };
        Self {
            masters: None,
            ad_weight_map: BTreeMap::new(),
            default_push_cache_millis: settings.cache_millis,
            client_beat_interval: settings.beat_interval,
            default_cache_millis: 3_000,
            distro_threshold: 0.7,
            health_check_enabled: true,
            auto_change_health_check_enabled: true,
            distro_enabled: true,
            enable_standalone: true,
            push_enabled: true,
            check_times: 3,
            http_health_params: times(5_000, 500, 0.85),
            tcp_health_params: times(5_000, 1_000, 0.75),
            mysql_health_params: times(3_000, 2_000, 0.65),
            incremental_list: Vec::new(),
            server_status_synchronization_period_millis: 2_000,
            service_status_synchronization_period_millis: 5_000,
            disable_add_ip: false,
            send_beat_only: false,
            light_beat_enabled: true,
            limited_url_map: BTreeMap::new(),
            distro_server_expired_millis: 10_000,
            push_go_version: "0.1.0".into(),
            push_java_version: "0.1.0".into(),
            push_python_version: "0.4.3".into(),
            push_c_version: "1.0.12".into(),
            push_csharp_version: "0.9.0".into(),
            enable_authentication: false,
            overridden_server_status: None,
            default_instance_ephemeral: true,
            health_check_white_list: Vec::new(),
            name: "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00",
            checksum: None,
        }
    }

    /// Sets one switch by the name that requests use. Answers whether there is one; an unknown name changes nothing.
    fn set(&mut self, entry: &str, value: &str) -> Result<bool, String> {
        match entry {
            "masters" => self.masters = Some(value.split(',').map(str::to_owned).collect()),
            "pushCacheMillis" => {
                self.default_push_cache_millis = at_least(value, 10_000, "min cache time for http or tcp")?;
            }
            "defaultCacheMillis" => {
                self.default_cache_millis = at_least(value, 1_000, "min default cache time")?;
            }
            "clientBeatInterval" => self.client_beat_interval = number(value)?,
            "distroThreshold" => {
                let threshold: f64 = number(value)?;
                if threshold.is_nan() || threshold <= 0.0 {
                    return Err("distroThreshold can not be zero or negative".to_owned());
                }
                self.distro_threshold = threshold;
            }
            "healthCheckTimes" => self.check_times = number(value)?,
            "httpHealthParams" => self.http_health_params = times(value)?,
            "tcpHealthParams" => self.tcp_health_params = times(value)?,
            "mysqlHealthParams" => self.mysql_health_params = times(value)?,
            "serverStatusSynchronizationPeriodMillis" => {
                self.server_status_synchronization_period_millis = at_least(value, 1_000, "min period")?;
            }
            "serviceStatusSynchronizationPeriodMillis" => {
                self.service_status_synchronization_period_millis = at_least(value, 5_000, "min period")?;
            }
            "distroServerExpiredMillis" => self.distro_server_expired_millis = number(value)?,
            "limitedUrlMap" => self.limited_url_map = limits(value)?,
            "pushVersion" => {
                let (kind, version) = value.split_once(':').ok_or("illegal pushVersion, must match: type:version")?;
                *self.push_version(kind).ok_or("unsupported client type")? = version.to_owned();
            }
            "overriddenServerStatus" => {
                self.overridden_server_status = (value != "NULL").then(|| value.to_owned());
            }
            flag => match self.flag(flag) {
                Some(place) => *place = value.eq_ignore_ascii_case("true"),
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    fn flag(&mut self, entry: &str) -> Option<&mut bool> {
        Some(match entry {
            "check" => &mut self.health_check_enabled,
            "autoChangeHealthCheckEnabled" => &mut self.auto_change_health_check_enabled,
            "distro" => &mut self.distro_enabled,
            "enableStandalone" => &mut self.enable_standalone,
            "pushEnabled" => &mut self.push_enabled,
            "disableAddIP" => &mut self.disable_add_ip,
            "sendBeatOnly" => &mut self.send_beat_only,
            "lightBeatEnabled" => &mut self.light_beat_enabled,
            "defaultInstanceEphemeral" => &mut self.default_instance_ephemeral,
            _ => return None,
        })
    }

    fn push_version(&mut self, kind: &str) -> Option<&mut String> {
        Some(match kind {
            "java" => &mut self.push_java_version,
            "python" => &mut self.push_python_version,
            "c" => &mut self.push_c_version,
            "go" => &mut self.push_go_version,
            "csharp" => &mut self.push_csharp_version,
            _ => return None,
        })
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("For input string: \"{text}\""))
}

fn at_least(text: &str, least: u64, what: &str) -> Result<u64, String> {
    let value = number(text)?;
    if value < least { Err(format!("{what} is too small(<{least})")) } else { Ok(value) }
}

fn times(text: &str) -> Result<CheckTimes, String> {
    let times: CheckTimes = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if times.min < 500 {
        return Err("min check time for http or tcp is too small(<500)".to_owned());
    }
    if times.max < 3_000 {
        return Err("max check time for http or tcp is too small(<3000)".to_owned());
    }
    if !(0.0..=1.0).contains(&times.factor) {
        return Err("malformed factor".to_owned());
    }
    Ok(times)
}

fn limits(text: &str) -> Result<BTreeMap<String, u16>, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (url, status) = pair.split_once(':').ok_or_else(|| format!("illegal limit {pair}"))?;
        let status: u16 = number(status)?;
        if !(200..600).contains(&status) {
            return Err(format!("illegal status {status}"));
        }
        Ok((url.to_owned(), status))
    };
    pairs.map(pair).collect()
}

/// A switch that an operator set.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SwitchCommand {
    /// Its name in requests.
    #[prost(string, tag = "1")]
    pub entry: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

impl Command for SwitchCommand {
    fn encode(&self) -> Vec<u8> {
        crate::shard::encode(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::shard::decode(bytes)
    }
}

#[derive(Debug)]
struct State {
    defaults: Switches,
    stored: BTreeMap<String, String>,
    /// What was set on this node alone, until it stops.
    local: BTreeMap<String, String>,
    now: Arc<Switches>,
}

impl State {
    fn renew(&mut self) -> Arc<Switches> {
        let mut switches = self.defaults.clone();
        for (entry, value) in self.stored.iter().chain(&self.local) {
            // What is here was checked before; a later version may be stricter, and then the default stays.
            if let Err(error) = switches.set(entry, value) {
                tracing::warn!(entry, error, "switch has no effect");
            }
        }
        self.now = Arc::new(switches);
        self.now.clone()
    }
}

/// The switches of the cluster, kept in the meta group, and those of this node.
#[derive(Debug)]
pub struct SwitchMachine {
    state: RwLock<State>,
    /// What lists say of how long they may be used; read whenever one is encoded.
    cache_millis: Arc<AtomicU64>,
}

impl SwitchMachine {
    /// All switches as the settings have them.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let defaults = Switches::of(settings);
        let cache_millis = Arc::new(AtomicU64::new(defaults.default_push_cache_millis));
        let now = Arc::new(defaults.clone());
        let state = State { defaults, stored: BTreeMap::new(), local: BTreeMap::new(), now };
        Self { state: RwLock::new(state), cache_millis }
    }

    /// The switches as they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Switches> {
        self.state.read().now.clone()
    }

    pub(crate) fn cache_millis(&self) -> Arc<AtomicU64> {
        self.cache_millis.clone()
    }

    /// Checks a value; answers whether the switch is known.
    pub(crate) fn check(&self, entry: &str, value: &str) -> Result<bool, String> {
        Switches::clone(&self.now()).set(entry, value)
    }

    /// Sets a switch on this node alone.
    pub(crate) fn set_local(&self, entry: &str, value: &str) {
        self.change(|state| {
            state.local.insert(entry.to_owned(), value.to_owned());
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.write();
        change(&mut state);
        let now = state.renew();
        self.cache_millis.store(now.default_push_cache_millis, Ordering::Relaxed);
    }
}

impl StateMachine for SwitchMachine {
    type Command = SwitchCommand;
    type Reply = ();

    fn restore(&self, reader: &StateReader) -> io::Result<()> {
        let mut stored = BTreeMap::new();
        reader.scan(NAMING, &Scan::prefix(&[ROW]), &mut |key, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            stored.insert(text(&key[1..]), text(value));
            true
        })?;
        self.change(|state| state.stored = stored);
        Ok(())
    }

    fn apply(&self, _: Applied, command: &SwitchCommand, batch: &mut StateBatch) {
        let key = [&[ROW], command.entry.as_bytes()].concat();
        batch.put(NAMING, key, command.value.clone().into_bytes());
        self.change(|state| {
            state.stored.insert(command.entry.clone(), command.value.clone());
            // What is set for all counts here, too.
            state.local.remove(&command.entry);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> SwitchMachine {
        SwitchMachine::new(&Settings::default())
    }

    #[test]
    fn values_are_checked() {
        let machine = machine();
        for (entry, value) in [
            ("pushCacheMillis", "1"),
            ("pushCacheMillis", "abc"),
            ("distroThreshold", "0"),
            ("httpHealthParams", r#"{"max":1,"min":1,"factor":2}"#),
            ("httpHealthParams", "x"),
            ("limitedUrlMap", "/a:9"),
            ("pushVersion", "1.0"),
        ] {
            assert!(machine.check(entry, value).is_err(), "{entry} {value}");
        }
        assert_eq!(machine.check("nope", "1"), Ok(false));
        assert_eq!(machine.check("check", "true"), Ok(true));
        assert_eq!(machine.check("healthCheckTimes", "3"), Ok(true));
        assert_eq!(machine.check("pushVersion", "java:1.0.0"), Ok(true));
        assert_eq!(machine.check("pushVersion", "java:0.1.0"), Ok(true), "known, whatever it is now");
    }

    #[test]
    fn what_is_set_for_all_wins_over_what_was_set_here() {
        let machine = machine();
        machine.set_local("pushCacheMillis", "12000");
        assert_eq!(machine.now().default_push_cache_millis, 12_000);
        let command = SwitchCommand { entry: "pushCacheMillis".into(), value: "15000".into() };
        let decoded = SwitchCommand::decode(&command.encode()).unwrap();
        machine.apply(Applied { index: 1, stamp: 1 }, &decoded, &mut StateBatch::default());
        assert_eq!(machine.now().default_push_cache_millis, 15_000);
        assert_eq!(machine.cache_millis().load(Ordering::Relaxed), 15_000);
    }
}
