/**
 * How the Java API reaches the engine: the native library, its loading, the pump that brings answers and events back,
 * and the encoding of what crosses.
 *
 * <p>Nothing here is an API for users; it may change with every version.
 */
package io.nacre.internal;
