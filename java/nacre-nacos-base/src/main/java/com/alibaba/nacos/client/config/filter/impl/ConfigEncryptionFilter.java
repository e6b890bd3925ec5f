package com.alibaba.nacos.client.config.filter.impl;

import com.alibaba.nacos.api.config.filter.AbstractConfigFilter;
import com.alibaba.nacos.api.config.filter.IConfigFilterChain;
import com.alibaba.nacos.api.config.filter.IConfigRequest;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.common.utils.Pair;
import com.alibaba.nacos.common.utils.StringUtils;
import com.alibaba.nacos.plugin.encryption.handler.EncryptionHandler;
import java.util.Objects;
import java.util.Properties;

/**
 * Encrypts and decrypts configs whose data id begins with {@code cipher-}, with the encryption plug-in that the data
 * id names. Without that plug-in the content stays as it is.
 */
public class ConfigEncryptionFilter extends AbstractConfigFilter {
    /** Makes the filter. */
    public ConfigEncryptionFilter() {}

    @Override
    public void init(Properties properties) {
        // Nothing can be set.
    }

    @Override
    public void doFilter(IConfigRequest request, IConfigResponse response, IConfigFilterChain filterChain)
            throws NacosException {
        if (request instanceof ConfigRequest && response == null) {
            ConfigRequest outgoing = (ConfigRequest) request;
            Pair<String, String> encrypted =
                    EncryptionHandler.encryptHandler(outgoing.getDataId(), outgoing.getContent());
            String key = encrypted.getFirst();
            String content = encrypted.getSecond();
            if (StringUtils.isNotBlank(content) && !Objects.equals(outgoing.getContent(), content)) {
                outgoing.setContent(content);
            }
            if (StringUtils.isNotBlank(key) && !Objects.equals(outgoing.getEncryptedDataKey(), key)) {
                outgoing.setEncryptedDataKey(key);
            } else if (outgoing.getEncryptedDataKey() == null) {
                outgoing.setEncryptedDataKey("");
            }
        }
        if (response instanceof ConfigResponse) {
            ConfigResponse incoming = (ConfigResponse) response;
            String key = incoming.getEncryptedDataKey();
            Pair<String, String> decrypted = EncryptionHandler.decryptHandler(
                    incoming.getDataId(), key == null ? "" : key, incoming.getContent());
            if (StringUtils.isNotBlank(decrypted.getSecond())) {
                incoming.setContent(decrypted.getSecond());
            }
        }
        filterChain.doFilter(request, response);
    }

    @Override
    public int getOrder() {
        return 0;
    }

    @Override
    public String getFilterName() {
        return getClass().getName();
    }
}
