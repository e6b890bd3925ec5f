package io.nacre.spring.tests.app;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;

/** Routes {@code /NAME/**} to the service of that name, as soon as there is one. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class Gateway {}
