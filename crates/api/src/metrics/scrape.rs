//! Figures that are read at each scrape: the hashing queue, the database's pools, the caches, the process.

use std::fmt;
use std::sync::Arc;

use keyward_domain::ports::hashing::Hashing;
use keyward_domain::ports::store::Store;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::background::Background;
use crate::access::cache_use::CacheUse;
use crate::access::own_account::OwnAccount;
use crate::access::session_check::SessionCheck;

/// What can be asked how busy it is.
pub struct Sources {
    pub store: Arc<dyn Store>,
    pub hashing: Arc<dyn Hashing>,
    /// The memories of tokens and sessions.
    pub check: Arc<SessionCheck>,
    /// The memory of accounts.
    pub own_account: OwnAccount,
    /// The background workers and the signing keys.
    pub background: Background,
    /// When the process started, in Unix seconds.
    pub started: i64,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl Collector for Sources {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let load = self.hashing.load();
        page.gauge("hashing_threads", "Threads that hash passwords", load.threads)?;
        page.gauge("hashing_busy", "Passwords being hashed", load.busy)?;
        page.gauge("hashing_waiting", "Passwords that wait to be hashed", load.waiting)?;
        page.counter("hashing_rejected", "Passwords that were not let into the full queue", load.rejected)?;

        let pools = self.store.pools();
        let uses = pools.iter().flat_map(|pool| {
            let busy = pool.open.saturating_sub(pool.idle);
            [(pool.name, "idle", pool.idle), (pool.name, "busy", busy)]
        });
        let uses = uses.map(|(pool, state, number)| ([("pool", pool), ("state", state)], number));
        page.gauges("database_connections", "Open connections", uses)?;
        let most = pools.iter().map(|pool| ([("pool", pool.name)], pool.most));
        page.gauges("database_connections_max", "The most a pool opens", most)?;

        let [tokens, sessions] = self.check.usage();
        let caches = [tokens, sessions, self.own_account.usage()];
        let of = |pick: fn(&CacheUse) -> u64| {
            caches.iter().map(move |cache| ([("cache", cache.name)], pick(cache)))
        };
        page.counters("cache_hits", "Answers a cache knew", of(|cache| cache.hits))?;
        page.counters("cache_misses", "Answers a cache did not know", of(|cache| cache.misses))?;
        page.gauges("cache_entries", "Answers a cache keeps", of(|cache| cache.entries))?;
        page.gauges("cache_capacity", "The most answers a cache keeps", of(|cache| cache.capacity))?;

        let restarts = self.background.restarts().map(|(worker, count)| ([("worker", worker)], count));
        page.counters("background_restarts", "Restarts of background workers that broke", restarts)?;
        let unopened = self.background.unopened_keys().len() as u64;
        page.gauge("signing_keys_unopened", "Signing keys that the master secret does not open", unopened)?;
        let failing = self.background.failing_deletions();
        page.gauge("deleted_accounts_failing", "Deleted accounts whose rows could not be removed", failing)?;

        let started = u64::try_from(self.started).unwrap_or_default();
        page.gauge("start_time_seconds", "When the process started, in Unix time", started)?;
        match resident() {
            Some(bytes) => page.gauge("resident_memory_bytes", "Memory in use", bytes),
            None => Ok(()),
        }
    }
}

/// Memory in use, where the system tells (proc(5)).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Numbers on their way to the reader.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(clamp(value)).encode(encoder)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(encoder)
    }

    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = ([(&'static str, &'static str); N], u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&clamp(value))?;
        }
        Ok(())
    }

    fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = ([(&'static str, &'static str); N], u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&value, None)?;
        }
        Ok(())
    }
}

fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
