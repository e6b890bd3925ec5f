/** Starts servers for tests, and waits for conditions. */
package io.nacre.testkit;
