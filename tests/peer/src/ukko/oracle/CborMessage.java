// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** Marker: bound to Pekko's jackson-cbor serializer (id 33). */
public interface CborMessage {}
