/** The engine's clients of an application: their settings, and who opens and closes them. Knows nothing of beans. */
package io.nacre.spring.client;
