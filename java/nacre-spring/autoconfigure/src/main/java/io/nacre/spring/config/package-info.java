/**
 * Configuration from the server: {@code spring.config.import=nacos:...}, refresh, annotations. Knows nothing of
 * discovery.
 */
package io.nacre.spring.config;
