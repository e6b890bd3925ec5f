//! Configs.

use std::sync::Arc;

use nacre_client::{ConfigKey, Error};

use crate::{
    error::NacreError,
    model::{self, ConfigValue, Gray, PublishOptions},
    watch::{ConfigPatternWatch, ConfigWatch},
    work::Held,
};

/// Configs: text under a data id and a group.
#[derive(Debug, uniffi::Object)]
pub struct Config {
    config: Held<nacre_client::Config>,
}

/// A value, and what follows it from then on.
#[derive(Debug, uniffi::Record)]
pub struct ConfigReading {
    /// The value; absent when the config is not there.
    pub value: Option<ConfigValue>,
    /// Its first value is the first that differs.
    pub watch: Arc<ConfigWatch>,
}

impl Config {
    pub(crate) fn new(config: Held<nacre_client::Config>) -> Self {
        Self { config }
    }

    fn key(&self, group: &str, data_id: &str) -> Result<ConfigKey, Error> {
        self.config.get().key(group, data_id)
    }
}

#[uniffi::export]
impl Config {
    /// The failover file of a config, else what the server has, else the snapshot. Absent when it is not there.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn get(&self, data_id: String, group: String) -> Result<Option<ConfigValue>, NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let value = self.config.work.run(async move { config.get_raw(&key).await }).await?;
        Ok(model::config(value.as_ref()))
    }

    /// The value that the server has, and a watch of what comes after it.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn get_and_listen(&self, data_id: String, group: String) -> Result<ConfigReading, NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let work = &self.config.work;
        let (value, watch) = work.run(async move { config.get_and_listen_raw(&key).await }).await?;
        Ok(ConfigReading { value: model::config(value.as_ref()), watch: ConfigWatch::new(watch, work) })
    }

    /// Follows a config. The first value is the present one.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub fn watch(&self, data_id: String, group: String) -> Result<Arc<ConfigWatch>, NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let work = &self.config.work;
        Ok(ConfigWatch::new(work.enter(|| config.watch_raw(&key))?, work))
    }

    /// Follows a config. The first value is the first whose md5 is not the one that is known.
    #[uniffi::method(default(group = "DEFAULT_GROUP", known_md5 = ""))]
    pub fn listen(&self, data_id: String, group: String, known_md5: String) -> Result<Arc<ConfigWatch>, NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let work = &self.config.work;
        Ok(ConfigWatch::new(work.enter(|| config.listen(&key, &known_md5))?, work))
    }

    /// Follows which configs match; `*` stands for any text. Needs a server of Nacos 3.
    #[uniffi::method(default(data_id = "*", group = "DEFAULT_GROUP"))]
    pub async fn watch_pattern(&self, data_id: String, group: String) -> Result<Arc<ConfigPatternWatch>, NacreError> {
        let (config, work) = (self.config.get(), &self.config.work);
        let watch = work.run(async move { config.watch_set(&group, &data_id).await }).await?;
        Ok(ConfigPatternWatch::new(watch, work))
    }

    /// Creates a config or replaces its content.
    #[uniffi::method(default(group = "DEFAULT_GROUP", options = None))]
    pub async fn publish(
        &self,
        data_id: String,
        content: String,
        group: String,
        options: Option<PublishOptions>,
    ) -> Result<(), NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let publish = options.unwrap_or_default().with(content);
        self.config.work.run(async move { config.publish(&key, publish).await }).await
    }

    /// Replaces the content of a config if its md5 is this one; else it fails as a conflict.
    #[uniffi::method(default(group = "DEFAULT_GROUP", options = None))]
    pub async fn publish_cas(
        &self,
        data_id: String,
        content: String,
        md5: String,
        group: String,
        options: Option<PublishOptions>,
    ) -> Result<(), NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let publish = options.unwrap_or_default().with(content);
        self.config.work.run(async move { config.publish_cas(&key, publish, &md5).await }).await
    }

    /// Publishes a version of a config for some clients only.
    #[uniffi::method(default(group = "DEFAULT_GROUP", options = None))]
    pub async fn publish_gray(
        &self,
        data_id: String,
        content: String,
        gray: Gray,
        group: String,
        options: Option<PublishOptions>,
    ) -> Result<(), NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        let publish = options.unwrap_or_default().with(content);
        self.config.work.run(async move { config.publish_gray(&key, publish, &gray.into()).await }).await
    }

    /// Removes a config. One that is not there is no failure.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn remove(&self, data_id: String, group: String) -> Result<(), NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        self.config.work.run(async move { config.remove(&key).await }).await
    }

    /// Removes a version of a config that is for some clients only.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn remove_gray(&self, data_id: String, gray: Gray, group: String) -> Result<(), NacreError> {
        let (config, key) = (self.config.get(), self.key(&group, &data_id)?);
        self.config.work.run(async move { config.remove_gray(&key, &gray.into()).await }).await
    }
}
