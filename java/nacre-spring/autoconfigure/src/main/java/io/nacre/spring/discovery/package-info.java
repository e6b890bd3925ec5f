/**
 * Registration and discovery of services for Spring Cloud. Knows the engine's client and Spring Cloud Commons; nothing of
 * the load balancer or of configs.
 */
package io.nacre.spring.discovery;
