// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** Marker: bound to Pekko's jackson-json serializer (id 31). */
public interface JsonMessage {}
