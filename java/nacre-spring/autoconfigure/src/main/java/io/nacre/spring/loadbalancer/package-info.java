/**
 * Chooses among the instances of a service for Spring Cloud LoadBalancer: by weight, in the own cluster first, by labels.
 * Works with the instances of other discovery clients, too.
 */
package io.nacre.spring.loadbalancer;
