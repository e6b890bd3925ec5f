package io.nacre.spring.config;

import io.nacre.spring.client.ConnectionProperties;
import io.nacre.spring.client.ConnectionSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.DeprecatedConfigurationProperty;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.util.StringUtils;

/**
 * Settings of configuration. What {@code spring.cloud.nacos.config} does not say is taken from
 * {@code spring.cloud.nacos}; see {@link #bind(Binder)}.
 */
@ConfigurationProperties(NacreConfigProperties.PREFIX)
public class NacreConfigProperties extends ConnectionProperties {
    /** Where the settings are. */
    public static final String PREFIX = "spring.cloud.nacos.config";

    /** Whether configs are imported at all. */
    private boolean enabled = true;

    /** Charset of contents. Only UTF-8 is spoken. */
    private String encode;

    /** Group of imports that name none. */
    private String group = "DEFAULT_GROUP";

    /** First part of the data ids of "nacos:" alone. Default: name, then the application's name. */
    private String prefix;

    /** First part of the data ids of "nacos:" alone, after prefix. Default: the application's name. */
    private String name;

    /** Format of data ids without a dot, and last part of the data ids of "nacos:" alone. */
    private String fileExtension = "properties";

    /** Time limit of a read, in milliseconds. */
    private int timeout = 3000;

    /** Taken without effect: the connection is tried again without end. */
    private String maxRetry;

    /** Taken without effect: changes are pushed. */
    private String configLongPollTimeout;

    /** Taken without effect: the connection is tried again without end. */
    private String configRetryTime;

    /** Taken without effect: a listener always begins with the server's value. */
    private boolean enableRemoteSyncConfig;

    /** Role of the cloud instance, whose temporary keys are used. */
    private String ramRoleName;

    /** First part of the path of HTTP requests. Default: nacos. */
    private String contextPath;

    /** Name of the list that the address server is asked for. */
    private String clusterName;

    /** Configs of "nacos:" alone that several applications share. */
    private List<Config> sharedConfigs = new ArrayList<>();

    /** Configs of "nacos:" alone that win over the shared ones. */
    private List<Config> extensionConfigs = new ArrayList<>();

    /** Data ids of shared configs, separated by commas. */
    private String sharedDataids;

    /** Those of shared-dataids that are refreshed, separated by commas. */
    private String refreshableDataids;

    /** Old name of extension-configs. */
    private List<Config> extConfig = new ArrayList<>();

    /** Whether changes on the server reach the running application. */
    private boolean refreshEnabled = true;

    /** Whether local profile-specific files (local) or imported configs (remote) win. */
    private Preference preference = Preference.LOCAL;

    /** Which beans of properties are bound again after a change. */
    private RefreshBehavior refreshBehavior = RefreshBehavior.ALL_BEANS;

    /** Whether to complain when nothing is imported. */
    @NestedConfigurationProperty
    private final ImportCheck importCheck = new ImportCheck();

    /** Who wins. */
    public enum Preference {
        /** Local profile-specific files win over imported configs. */
        LOCAL,
        /** Imported configs win over local profile-specific files. */
        REMOTE
    }

    /** Which beans of properties are bound again. */
    public enum RefreshBehavior {
        /** All of them. */
        ALL_BEANS,
        /** Those whose prefix fits a changed key. */
        SPECIFIC_BEAN
    }

    /** A config of the list of shared or extension configs. */
    public static class Config {
        /** Data id, with its extension. */
        private String dataId;

        /** Group. */
        private String group = "DEFAULT_GROUP";

        /** Whether changes on the server reach the running application. */
        private boolean refresh;

        /** For binding. */
        public Config() {}

        public String getDataId() {
            return dataId;
        }

        public void setDataId(String dataId) {
            this.dataId = dataId;
        }

        public String getGroup() {
            return group;
        }

        public void setGroup(String group) {
            this.group = group;
        }

        public boolean isRefresh() {
            return refresh;
        }

        public void setRefresh(boolean refresh) {
            this.refresh = refresh;
        }
    }

    /** The check that something is imported. */
    public static class ImportCheck {
        /** Whether to complain at the start when nothing is imported from the server. */
        private boolean enabled = true;

        /** For binding. */
        public ImportCheck() {}

        public boolean isEnabled() {
            return enabled;
        }

        public void setEnabled(boolean enabled) {
            this.enabled = enabled;
        }
    }

    /** The defaults. */
    public NacreConfigProperties() {}

    /**
     * Reads the settings: {@code spring.nacos}, {@code spring.nacos.config}, {@code spring.cloud.nacos} and
     * {@code spring.cloud.nacos.config}, of which a later one wins. With {@code spring.nacos.properties.prefix} there
     * are only that prefix and its {@code config}.
     *
     * @param binder where they are read
     * @return the settings
     */
    public static NacreConfigProperties bind(Binder binder) {
        NacreConfigProperties properties = new NacreConfigProperties();
        List<String> prefixes = new ArrayList<>(ConnectionSettings.configPrefixes(binder));
        Collections.reverse(prefixes);
        for (String prefix : prefixes) {
            binder.bind(prefix, Bindable.ofInstance(properties));
            binder.bind(prefix + ".config", Bindable.ofInstance(properties));
        }
        return properties;
    }

    /** The shared configs, first those of the old spelling. */
    List<Config> shared() {
        Set<String> refreshable = names(refreshableDataids);
        List<Config> all = new ArrayList<>();
        for (String dataId : names(sharedDataids)) {
            Config config = new Config();
            config.setDataId(dataId);
            config.setRefresh(refreshable.contains(dataId));
            all.add(config);
        }
        all.addAll(sharedConfigs);
        return all;
    }

    /** The extension configs, first those of the old spelling. */
    List<Config> extensions() {
        List<Config> all = new ArrayList<>(extConfig);
        all.addAll(extensionConfigs);
        return all;
    }

    private static Set<String> names(String text) {
        Set<String> names = new LinkedHashSet<>();
        for (String name : StringUtils.commaDelimitedListToStringArray(text)) {
            if (StringUtils.hasText(name)) {
                names.add(name.trim());
            }
        }
        return names;
    }

    public boolean isEnabled() {
        return enabled;
    }

    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    public String getEncode() {
        return encode;
    }

    public void setEncode(String encode) {
        this.encode = encode;
    }

    public String getGroup() {
        return group;
    }

    public void setGroup(String group) {
        this.group = group;
    }

    public String getPrefix() {
        return prefix;
    }

    public void setPrefix(String prefix) {
        this.prefix = prefix;
    }

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public String getFileExtension() {
        return fileExtension;
    }

    public void setFileExtension(String fileExtension) {
        this.fileExtension = fileExtension;
    }

    public int getTimeout() {
        return timeout;
    }

    public void setTimeout(int timeout) {
        this.timeout = timeout;
    }

    public String getMaxRetry() {
        return maxRetry;
    }

    public void setMaxRetry(String maxRetry) {
        this.maxRetry = maxRetry;
    }

    public String getConfigLongPollTimeout() {
        return configLongPollTimeout;
    }

    public void setConfigLongPollTimeout(String configLongPollTimeout) {
        this.configLongPollTimeout = configLongPollTimeout;
    }

    public String getConfigRetryTime() {
        return configRetryTime;
    }

    public void setConfigRetryTime(String configRetryTime) {
        this.configRetryTime = configRetryTime;
    }

    public boolean isEnableRemoteSyncConfig() {
        return enableRemoteSyncConfig;
    }

    public void setEnableRemoteSyncConfig(boolean enableRemoteSyncConfig) {
        this.enableRemoteSyncConfig = enableRemoteSyncConfig;
    }

    public String getRamRoleName() {
        return ramRoleName;
    }

    public void setRamRoleName(String ramRoleName) {
        this.ramRoleName = ramRoleName;
    }

    public String getContextPath() {
        return contextPath;
    }

    public void setContextPath(String contextPath) {
        this.contextPath = contextPath;
    }

    public String getClusterName() {
        return clusterName;
    }

    public void setClusterName(String clusterName) {
        this.clusterName = clusterName;
    }

    public List<Config> getSharedConfigs() {
        return sharedConfigs;
    }

    public void setSharedConfigs(List<Config> sharedConfigs) {
        this.sharedConfigs = sharedConfigs;
    }

    public List<Config> getExtensionConfigs() {
        return extensionConfigs;
    }

    public void setExtensionConfigs(List<Config> extensionConfigs) {
        this.extensionConfigs = extensionConfigs;
    }

    @Deprecated
    @DeprecatedConfigurationProperty(replacement = PREFIX + ".shared-configs")
    public String getSharedDataids() {
        return sharedDataids;
    }

    @Deprecated
    public void setSharedDataids(String sharedDataids) {
        this.sharedDataids = sharedDataids;
    }

    @Deprecated
    @DeprecatedConfigurationProperty(replacement = PREFIX + ".shared-configs[0].refresh")
    public String getRefreshableDataids() {
        return refreshableDataids;
    }

    @Deprecated
    public void setRefreshableDataids(String refreshableDataids) {
        this.refreshableDataids = refreshableDataids;
    }

    @Deprecated
    @DeprecatedConfigurationProperty(replacement = PREFIX + ".extension-configs")
    public List<Config> getExtConfig() {
        return extConfig;
    }

    @Deprecated
    public void setExtConfig(List<Config> extConfig) {
        this.extConfig = extConfig;
    }

    public boolean isRefreshEnabled() {
        return refreshEnabled;
    }

    public void setRefreshEnabled(boolean refreshEnabled) {
        this.refreshEnabled = refreshEnabled;
    }

    public Preference getPreference() {
        return preference;
    }

    public void setPreference(Preference preference) {
        this.preference = preference;
    }

    public RefreshBehavior getRefreshBehavior() {
        return refreshBehavior;
    }

    public void setRefreshBehavior(RefreshBehavior refreshBehavior) {
        this.refreshBehavior = refreshBehavior;
    }

    public ImportCheck getImportCheck() {
        return importCheck;
    }

    /** Without secrets. */
    @Override
    public String toString() {
        return "NacreConfigProperties{serverAddr=" + getServerAddr() + ", endpoint=" + getEndpoint() + ", namespace=" + getNamespace()
                + ", group=" + group + ", username=" + getUsername() + ", refreshEnabled=" + refreshEnabled + "}";
    }
}
