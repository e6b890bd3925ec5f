/**
 * What Spring Boot Actuator shows: endpoints, health, metrics. Reads the other packages and changes nothing; the health
 * indicators are for Spring Boot 3, which has its health classes elsewhere than Spring Boot 4.
 */
package io.nacre.spring.actuate;
